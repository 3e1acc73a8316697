// openapi.yaml, made from the routes by building the app with nothing behind it.
import { readFile } from 'node:fs/promises'
import { pino } from 'pino'
import { apiAsYaml } from '../../routes/docs.ts'
import { buildApp } from '../app.ts'
import type { FleetControl } from '../ports/fleet.ts'
import type { MarketData } from '../ports/market-data.ts'

/** The API's description in YAML, with the version of package.json. */
export async function openapiDocument(): Promise<string> {
  const manifest = await readFile(new URL('../../../package.json', import.meta.url), 'utf8')
  const { version } = JSON.parse(manifest) as { version: string }
  const app = await buildApp({
    fleet: {} as FleetControl,
    marketData: {} as MarketData,
    version,
    log: pino({ level: 'silent' }),
  })
  try {
    return apiAsYaml(app)
  } finally {
    await app.close()
  }
}
