// The two programs of the image: the gateway itself, and `simctl` when it is called with that word.
import { runContainer } from './container.ts'
import { simctl } from './simctl.ts'

const [program, ...args] = process.argv.slice(2)
if (program === 'simctl') {
  process.exitCode = await simctl(args, (text, stream) => process[stream].write(text))
} else {
  await runContainer({
    env: process.env,
    print: (line, stream) => process[stream].write(`${line}\n`),
    onSignal(stop) {
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stop)
    },
    exit: (code) => process.exit(code),
  })
}
