// The threads that read files: begun on demand, ended when idle or closed.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Surveyors } from '../../../src/adapters/csv/surveyors.ts'
import { FakeClock } from '../../fake-clock.ts'
import { testFolder } from '../../test-folder.ts'
import { header } from './subject.ts'

t.test('no thread before there is work, none long after, and one again', async (t) => {
  const path = join(testFolder(t), '1m.csv')
  writeFileSync(path, `${header}\n2026-11-20T14:30:00Z,1,1,1,1,1\n`)
  const task = { path, timeframe: '1m', sinceMs: 0, whole: false } as const
  const clock = new FakeClock()
  const surveyors = new Surveyors(clock)
  t.equal(surveyors.count, 0)
  const found = await Promise.all(Array.from({ length: 20 }, () => surveyors.survey(task)))
  t.equal(found.filter((survey) => survey?.runs.length === 1).length, 20)
  t.ok(surveyors.count >= 1 && surveyors.count <= 2)
  await clock.advance(60_000)
  t.equal(surveyors.count, 0)
  t.equal(clock.pendingTimers, 0)
  t.match(await surveyors.survey(task), { isWhole: true })
  t.equal(await surveyors.survey({ ...task, path: `${path}.gz` }), null)
  const cut = surveyors.survey(task)
  await Promise.all([t.rejects(cut), surveyors.close()])
  t.equal(clock.pendingTimers, 0)
  await t.rejects(surveyors.survey(task), { code: 'SHUTTING_DOWN' })
})

t.test('a process does not end before its threads, also where one answers while it is ended', async (t) => {
  const path = join(testFolder(t), '1m.csv')
  writeFileSync(path, `${header}\n2026-11-20T14:30:00Z,1,1,1,1,1\n`)
  const surveyors = new URL('../../../src/adapters/csv/surveyors.js', import.meta.url).href
  const program = `
    import { Surveyors } from ${JSON.stringify(surveyors)}
    const task = ${JSON.stringify({ path, timeframe: '1m', sinceMs: 0, whole: false })}
    for (let round = 0; round < 40; round++) {
      const surveyors = new Surveyors({ schedule: () => () => {} })
      await surveyors.survey(task)
      surveyors.survey(task).catch(() => {})
      const at = performance.now() + round / 20
      while (performance.now() < at);
      await surveyors.close()
    }
    console.log('closed')`
  const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
  })
  t.strictSame([stdout, status], ['closed\n', 0])
})
