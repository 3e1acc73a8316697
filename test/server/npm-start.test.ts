// `npm start` ends as the manager itself does: a supervisor that ends npm must not leave a manager behind.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { portRange, until } from '../fleet/world.ts'
import { testFolder } from '../test-folder.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

t.test('what ends the shell of npm start ends the manager', async (t) => {
  const { from, to } = portRange(10)
  const folder = testFolder(t)
  // Built it is already.
  const shell = spawn('sh', ['-c', scripts.start.replace('npm run --silent build', 'true')], {
    cwd: root,
    env: {
      ...process.env,
      RUNTIME: 'simulated',
      PORT: '0',
      DATA_DIR: folder,
      PORT_RANGE_START: String(from),
      PORT_RANGE_END: String(to),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let printed = ''
  shell.stdout.on('data', (chunk) => {
    printed += chunk
  })
  const isUp = () => /"pid":(\d+).*"url":"([^"]+)".*is up/.exec(printed)
  const [, pid, url] = (await until(isUp, (found) => found !== null, 'the manager is up', 60_000)) ?? []
  t.teardown(() => {
    try {
      process.kill(Number(pid), 'SIGKILL')
    } catch {
      // It has ended, as it should.
    }
  })
  shell.kill('SIGTERM')
  const [code] = await once(shell, 'exit')
  t.equal(code, 0, 'in order')
  await t.rejects(fetch(`${url}/livez`), 'nobody listens any more')
})

t.test('so do the others that run until they are ended', async (t) => {
  for (const name of ['demo', 'bot', 'demo:bot', 'services'])
    t.match(scripts[name], /&& exec node \S+$/, name)
})
