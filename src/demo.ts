// `npm run demo`: a whole fleet on a bare machine. The process; what it shows is in demo/.
import { runDemo } from './demo/run.ts'
import { startServer } from './server/server.ts'

const interrupt = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    // The second one means now.
    if (interrupt.signal.aborted) process.exit(130)
    interrupt.abort(new Error(`got ${name}`))
  })
}

process.exitCode = await runDemo(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  env: process.env,
  signal: interrupt.signal,
  startServer,
})
