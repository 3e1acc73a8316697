// The alerts for what the fleet stands on: engine, network, store. Pure.
import type { AlertDraft } from '../../ports/alerts.ts'

/** `detail`: why, in the engine's words or ours; null when nobody knows. */
export function engineDown(detail: string | null): AlertDraft {
  const why = detail ? `: ${detail.replace(/[.?]+$/, '')}` : ''
  return {
    key: 'engine:DOWN',
    level: 'CRITICAL',
    code: 'ENGINE_UNAVAILABLE',
    title: 'The container engine does not answer',
    message: `Gateways cannot be started, stopped or replaced${why}. Those that run are still watched over their API.`,
    action: 'Check the engine (systemctl status docker) and DOCKER_HOST; work resumes by itself.',
  }
}

/** The network that gateways share lets them talk to one another; `detail` says which, and how it is known. */
export function networkUnsafe(detail: string): AlertDraft {
  return {
    key: 'engine:NETWORK',
    level: 'CRITICAL',
    code: 'NETWORK_UNSAFE',
    title: 'Gateways can reach one another',
    message: detail,
    action:
      'Stop the gateways, remove that network (docker network rm) or set another GATEWAY_NETWORK, and launch again: the manager makes a safe one.',
  }
}

/** `detail`: what the store said. */
export function storeDown(detail: string): AlertDraft {
  return {
    key: 'store:DOWN',
    level: 'CRITICAL',
    code: 'STORE_UNAVAILABLE',
    title: 'The store does not answer',
    message: `Nothing can be changed and no gateway can log in anew: ${detail}`,
    action: 'Check the database and MONGODB_URL; gateways that run are watched, and work resumes by itself.',
  }
}
