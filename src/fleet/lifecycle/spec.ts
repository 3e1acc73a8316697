// From a follower's record and the configuration to the container it should have. Pure; the digest tells drift.
import { createHash } from 'node:crypto'
import type { Follower } from '../../../schemas/follower.ts'
import type { GatewaySpec } from '../../ports/runtime.ts'

export interface SpecDefaults {
  readonly containerPrefix: string
  readonly gatewayImage: string
  readonly memoryMb: number
}

/** The container a follower should have. Defaults as the README's table says; an unset restart time would log the gateway off every night. */
export function gatewaySpec(follower: Follower, defaults: SpecDefaults): GatewaySpec {
  const settings = follower.gateway ?? {}
  const body = {
    followerId: follower.id,
    containerName: `${defaults.containerPrefix}-${follower.id}`,
    image: settings.image ?? defaults.gatewayImage,
    tradingMode: follower.tradingMode,
    timeZone: settings.timeZone ?? 'America/New_York',
    autoRestartTime: settings.autoRestartTime ?? '04:30 PM',
    readOnlyApi: settings.readOnlyApi ?? false,
    javaHeapMb: settings.javaHeapMb ?? 1024,
    memoryMb: defaults.memoryMb,
    existingSession: settings.existingSession ?? 'primary',
    ...(settings.twofaDevice !== undefined && { twofaDevice: settings.twofaDevice }),
    vnc: settings.vnc ?? false,
  }
  return { ...body, specHash: createHash('sha256').update(JSON.stringify(body)).digest('hex').slice(0, 16) }
}
