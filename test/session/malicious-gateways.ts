// Starts the process of malicious gateways for one test.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'

/** Their ports, by what they do; they are gone when the test is over. */
export async function startMalicious(t: Test): Promise<Record<string, number>> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'malicious-process.js')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  const [line] = await once(createInterface(child.stdout), 'line')
  return JSON.parse(line)
}
