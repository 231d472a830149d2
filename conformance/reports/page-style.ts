/** How the page looks: on screens light and dark, and on paper. Verdicts are told by word and sign, never by colour alone. */
export const style = `
:root { color-scheme: light dark; --ink: #1c1f23; --soft: #57606a; --paper: #fff; --field: #f4f6f8; --line: #d0d7de;
  --passed: #1a7f37; --failed: #b3261e; --skipped: #7a5900; --link: #0550ae }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8eb; --soft: #a0a8b2; --paper: #14171b; --field: #1e2329;
  --line: #3a424c; --passed: #57c26f; --failed: #ff8a80; --skipped: #e0b341; --link: #79b8ff } }
* { box-sizing: border-box }
body { margin: 0 auto; padding: 2rem 1.5rem; max-width: 84rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif }
h1 { margin: 0; font-size: 1.8rem; line-height: 1.2 }
h2 { margin: 2.5rem 0 .75rem; font-size: 1.25rem }
h3 { margin: 1rem 0 .25rem; font-size: 1rem } h4 { margin: .5rem 0 0; font-size: .9rem; font-weight: 600 }
.soft { color: var(--soft) }
.figures { display: flex; flex-wrap: wrap; gap: 2.5rem; margin: 1.5rem 0 1rem; padding: 0; list-style: none }
.figures b { display: block; font-size: 2.6rem; line-height: 1.1; font-variant-numeric: tabular-nums }
.passed { color: var(--passed) } .failed { color: var(--failed) } .skipped { color: var(--skipped) }
svg { display: block; width: 100%; height: .75rem; border-radius: .2rem }
svg .passed { fill: var(--passed) } svg .failed { fill: var(--failed) } svg .skipped { fill: var(--skipped) }
table { width: 100%; border-collapse: collapse }
caption { text-align: left; color: var(--soft); padding-bottom: .5rem }
th, td { padding: .45rem .75rem .45rem 0; text-align: left; vertical-align: top; border-top: 1px solid var(--line) }
thead th, thead td { border-top: 0; color: var(--soft); font-weight: 600; white-space: nowrap }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
.areas { max-width: 48rem } .areas tbody th { font-weight: 400 }
.areas td:last-child { width: 40%; padding-top: .85rem }
.scroll { overflow-x: auto } .cases { table-layout: fixed; min-width: 60rem } .cases thead th:nth-child(1) { width: 6.5rem } .cases thead th:nth-child(3) { width: 5.5rem }
.cases thead th:nth-child(4) { width: 19rem } .cases thead th:nth-child(5) { width: 5.5rem }
.cases thead th:nth-child(6) { width: 8rem } .cases th { font-weight: 400 } .cases .id { font-weight: 600; overflow-wrap: anywhere }
.cases .verdict { white-space: nowrap; font-weight: 600 }
.cases td { overflow-wrap: anywhere } .cases small { display: block }
.cases small:not([class]) { color: var(--soft) }
.cases .more td { border-top: 0; padding-top: 0 }
form { display: flex; flex-wrap: wrap; gap: .75rem 1.25rem; align-items: end; padding: 1rem; margin-bottom: 1rem;
  background: var(--field); border-radius: .4rem }
form label { display: block } form fieldset { border: 0; margin: 0; padding: 0 } form legend { padding: 0 }
form fieldset label { display: inline-block; margin-right: .9rem; padding: .3rem 0 }
input[type=search], select, button { font: inherit; color: inherit; background: var(--paper); padding: .3rem .5rem;
  border: 1px solid var(--soft); border-radius: .3rem } input[type=search] { width: 16rem; max-width: 100% }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px }
summary { cursor: pointer; padding: .2rem 0 } details details { margin-left: 1rem }
summary code { overflow-wrap: anywhere }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: .5rem 0 }
dt { color: var(--soft) } dd { margin: 0; min-width: 0; overflow-wrap: anywhere }
pre { margin: .25rem 0 .75rem; padding: .6rem .8rem; max-height: 32rem; overflow: auto; background: var(--field);
  border: 1px solid var(--line); border-radius: .3rem; font: .85rem/1.45 ui-monospace, monospace;
  white-space: pre-wrap; overflow-wrap: anywhere }
dd pre { margin: 0 }
footer { margin-top: 3rem; color: var(--soft) }
@media print {
  :root { --ink: #000; --soft: #444; --paper: #fff; --field: #f4f4f4; --line: #bbb; --passed: #1a7f37;
    --failed: #b3261e; --skipped: #7a5900 }
  body { max-width: none; padding: 0; font-size: 9.5pt } form, .no-print { display: none } pre { max-height: none }
  thead { display: table-header-group } tr { break-inside: avoid } .more { break-inside: auto }
  .cases { min-width: 0 } svg { print-color-adjust: exact; -webkit-print-color-adjust: exact }
}
`
