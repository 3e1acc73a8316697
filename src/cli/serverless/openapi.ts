// `ibgm openapi`: the document that the server would serve.
import { openapiDocument } from '../../http/openapi.ts'
import { type ExitCode, exitCodes } from '../io.ts'
import type { Toolbox } from '../toolbox.ts'

export async function printOpenapi({ io, json }: Toolbox): Promise<ExitCode> {
  const yaml = await openapiDocument()
  if (json) {
    const { parse } = await import('yaml')
    io.stdout.write(`${JSON.stringify(parse(yaml), null, 2)}\n`)
  } else io.stdout.write(yaml.endsWith('\n') ? yaml : `${yaml}\n`)
  return exitCodes.ok
}
