// IBC's command server inside a container: how a gateway logs out tidily, and restarts without its second factor.
import type { Engine } from './engine.ts'
import { LogFrames } from './log-frames.ts'
import { commandServerPort } from './start-files.ts'

export type IbcCommand = 'STOP' | 'RESTART'
export type IbcAnswer = { readonly accepted: boolean; readonly text: string }

/** IBC answers within milliseconds; the exec around it takes the engine some hundred. */
const answerTimeoutMs = 8_000
const readSeconds = 3

/**
 * Bash alone, for the image is promised to have that and little else. IBC may say INFO before its OK or ERROR.
 * Without stdin, since an exec with one does not get through an HTTP proxy in front of the engine.
 */
const script = (command: IbcCommand) => `exec 3<>/dev/tcp/127.0.0.1/${commandServerPort} || exit 1
echo ${command} >&3
while IFS= read -r -t ${readSeconds} line <&3; do
  echo "$line"
  case "$line" in OK*|ERROR*) exit 0 ;; esac
done`

/** Not accepted when nothing listens there (no command server, or Java not up yet), or when it says ERROR. */
export async function commandGateway(
  engine: Engine,
  containerId: string,
  command: IbcCommand,
  signal: AbortSignal,
): Promise<IbcAnswer> {
  const output = await engine.call(
    `send ${command} to the gateway in ${containerId}`,
    { signal, timeoutMs: answerTimeoutMs },
    async (docker, abortSignal) => {
      const exec = await docker.getContainer(containerId).exec({
        Cmd: ['bash', '-c', script(command)],
        AttachStdout: true,
        AttachStderr: true,
        abortSignal,
      })
      const stream = await exec.start({ hijack: false, stdin: false, abortSignal })
      const frames = new LogFrames()
      let said = ''
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        for (const frame of frames.push(chunk)) said += frame.payload.toString('latin1')
      }
      return said
    },
  )
  const line = output.split('\n').find((each) => /^(OK|ERROR)/.test(each))
  return { accepted: line?.startsWith('OK') ?? false, text: line ?? output.trim() }
}
