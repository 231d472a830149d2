import type { Fidelity } from '../../src/protocol/faults.ts'

/** The versions that MetadataPipeline lists; AWS has them as well. */
const shared = [
  ...['1.0', '2007-01-19', '2007-03-01', '2007-08-29', '2007-10-10', '2007-12-15', '2008-02-01', '2008-09-01'],
  ...['2009-04-04', '2011-01-01', '2011-05-01', '2012-01-12', '2014-02-25'],
]

/** What `/` lists. */
export const versions: Readonly<Record<Fidelity, readonly string[]>> = {
  eucalyptus: [...shared, 'latest'],
  aws: [
    ...shared,
    ...['2014-11-05', '2015-10-20', '2016-04-19', '2016-06-30', '2016-09-02', '2018-03-28', '2018-08-17', '2018-09-24'],
    ...['2019-10-01', '2020-10-27', '2021-01-03', '2021-03-23', '2021-07-15', '2022-09-24', '2024-04-11', 'latest'],
  ],
}

/** Whether a path may begin with it. Eucalyptus takes any date, listed or not (section 6.7). */
export const isVersion: Readonly<Record<Fidelity, (name: string) => boolean>> = {
  eucalyptus: (name) => /^(latest|1\.0|\d{4}-\d\d-\d\d)$/.test(name),
  aws: (name) => versions.aws.includes(name),
}
