#!/usr/bin/env node
// The `ibgm` process: hands argv, streams, environment and Ctrl-C to the program and takes its exit code.
import { run } from './program.ts'

const interrupt = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    // The second one means now.
    if (interrupt.signal.aborted) process.exit(130)
    interrupt.abort(new Error(`got ${name}`))
  })
}
// `ibgm … | head` closes our output; there is nobody left to tell.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))

process.exitCode = await run(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  env: process.env,
  signal: interrupt.signal,
})
