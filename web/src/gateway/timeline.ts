// What a gateway has been through, asked for when its phase changes and each minute.
import { useCallback, useEffect } from 'preact/hooks'
import type { Gateway } from '../../../schemas/gateway.ts'
import type { GatewayTimeline } from '../../../schemas/gateway-timeline.ts'
import { api } from '../api.ts'
import { type Polled, usePolled } from '../polled.ts'

export function useTimeline({ followerId, phase, since }: Gateway, hours: number): Polled<GatewayTimeline> {
  const path = `/gateways/${encodeURIComponent(followerId)}/timeline`
  const ask = useCallback(
    (signal: AbortSignal) => api<GatewayTimeline>(path, { query: { hours }, signal }),
    [path, hours],
  )
  const polled = usePolled(ask, 60_000)
  useRefresh(polled, `${phase} ${since}`)
  return polled
}

/** Asks again whenever `of` changes; the first time has been asked already. */
export function useRefresh(polled: Polled<unknown>, of: string): void {
  useEffect(() => {
    if (polled.heardAt !== undefined) void polled.refresh()
  }, [of])
}
