// What must hold whatever happens, as judgements on what was seen from outside. Pure.
import type { FleetEvent } from '../../schemas/event.ts'
import type { Gateway } from '../../schemas/gateway.ts'
import { labels } from '../../src/adapters/docker/labels.ts'

export interface SeenContainer {
  readonly Id: string
  readonly Names: readonly string[]
  readonly State: string
  readonly Labels: Readonly<Record<string, string>>
  readonly Ports: ReadonlyArray<{ readonly IP?: string; readonly PublicPort?: number }>
}

/** Never two containers of one follower, two that run under one username, a port beyond this machine, or one port twice. */
export function ofContainers(containers: readonly SeenContainer[]): string[] {
  const up = containers.filter(({ State }) => State === 'running' || State === 'paused')
  const open = containers.flatMap(({ Names, Ports }) =>
    Ports.filter(({ IP, PublicPort }) => PublicPort !== undefined && IP !== '127.0.0.1').map(
      ({ IP, PublicPort }) => `${Names[0]} is published on ${IP}:${PublicPort}`,
    ),
  )
  return [
    ...twice(containers, labels.follower, 'follower'),
    ...twice(up, labels.usernameHash, 'username'),
    ...twice(up, labels.hostPort, 'port'),
    ...open,
  ]
}

function twice(containers: readonly SeenContainer[], label: string, what: string): string[] {
  const named = new Map<string, string[]>()
  for (const { Labels, Names } of containers) {
    const value = Labels[label] ?? ''
    named.set(value, [...(named.get(value) ?? []), Names[0] ?? ''])
  }
  return [...named.values()]
    .filter((names) => names.length > 1)
    .map((names) => `${names.length} containers of one ${what}: ${names.join(', ')}`)
}

/** A container out of which no answer can have come since then (ms since the epoch). */
export interface Silence {
  readonly followerId: string
  readonly containerId: string
  readonly sinceMs: number
}

/** RUNNING is said only of a gateway that has answered within `answerMs` of the question, asked at `askedAtMs`. */
export function ofRunning(
  gateways: readonly Gateway[],
  silences: readonly Silence[],
  askedAtMs: number,
  answerMs: number,
): string[] {
  return gateways.flatMap((gateway) => {
    const { followerId, status, containerId, lastHeartbeatAt, connectedAt } = gateway
    if (status !== 'RUNNING') return []
    const stamps = [lastHeartbeatAt, connectedAt].flatMap((stamp) => (stamp ? [Date.parse(stamp)] : []))
    const age = askedAtMs - Math.max(...stamps, 0)
    const silence = silences.find((other) => other.followerId === followerId)
    const silentFor =
      silence?.containerId === containerId && silence ? askedAtMs - silence.sinceMs : undefined
    return [
      ...(age > answerMs ? [`${followerId} is said to be RUNNING, its last answer ${age} ms old`] : []),
      ...(silentFor !== undefined && silentFor > answerMs
        ? [`${followerId} is said to be RUNNING, silenced ${silentFor} ms ago`]
        : []),
    ]
  })
}

/** While nobody could write history down. Milliseconds since the epoch. */
export interface DarkSpan {
  readonly from: number
  readonly to: number
}

/** Each phase begins where the one before ended, but where history could not be written; ids grow. */
export function ofHistory(events: readonly FleetEvent[], dark: readonly DarkSpan[]): string[] {
  const found: string[] = []
  const phases = events.filter(({ type }) => type === 'gateway.phase')
  for (const [index, event] of phases.entries()) {
    const before = phases[index - 1]
    if (!before) continue
    const [from, to] = [Date.parse(before.at), Date.parse(event.at)]
    const excused = dark.some((span) => span.from <= to && span.to >= from)
    if (before.id >= event.id) found.push(`history of ${event.followerId} is out of order at ${event.id}`)
    if (event.data?.from !== before.data?.to && !excused)
      found.push(
        `history of ${event.followerId}: ${before.data?.to} at ${before.at}, then from ${event.data?.from} at ${event.at}`,
      )
  }
  return found
}

/** Addresses that something listens on beyond this machine, from the kernel's tables (/proc/net/tcp and tcp6). */
export function ofListeners(tables: readonly string[]): string[] {
  const listening = '0A'
  const loopback = /^(.{6}7F|0{24}01000000|0{16}FFFF0000.{6}7F)$/
  return tables.flatMap((table) =>
    table
      .split('\n')
      .slice(1)
      .flatMap((line) => {
        const [, local = '', , state] = line.trim().split(/\s+/)
        const [address = '', port = ''] = local.split(':')
        return state === listening && !loopback.test(address)
          ? [`something listens beyond this machine, on port ${Number.parseInt(port, 16)}`]
          : []
      }),
  )
}
