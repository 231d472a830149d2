/** What the page does in a browser: filters the cases, and opens the failed ones for paper. Without it all is there. */
export const script = `
const form = document.querySelector('form')
const count = document.querySelector('output')
const rows = [...document.querySelectorAll('tbody[data-verdict]')].map((body) => ({
  body, text: body.rows[0].textContent.toLowerCase(), needs: body.dataset.needs.split(' '),
}))
function apply() {
  const chosen = new FormData(form)
  const words = chosen.get('text').toLowerCase().split(/\\s+/).filter(Boolean)
  const verdicts = chosen.getAll('verdict')
  const is = (name, value) => chosen.get(name) === '' || chosen.get(name) === value
  let shown = 0
  for (const { body, text, needs } of rows) {
    const { verdict, level, area, proven } = body.dataset
    const needed = chosen.get('needs')
    const fits = verdicts.includes(verdict) && is('level', level) && is('area', area) && is('proven', proven) &&
      (needed === '' || needs.includes(needed)) && words.every((word) => text.includes(word))
    body.hidden = !fits
    if (fits) shown += 1
  }
  count.textContent = shown + ' of ' + rows.length + ' cases'
}
form.hidden = false
form.addEventListener('input', apply)
form.addEventListener('reset', () => setTimeout(apply))
form.addEventListener('submit', (event) => event.preventDefault())
addEventListener('beforeprint', () => {
  for (const more of document.querySelectorAll('tbody[data-verdict=failed] > .more > td > details')) more.open = true
})
apply()
`
