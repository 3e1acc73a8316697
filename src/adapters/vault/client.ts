// The one place that talks to Vault over HTTP, by node-vault: an answer for a request, or a FleetError. Nothing that node-vault throws leaves it.
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import nodeVault from 'node-vault'
import { unanswered, unserved } from './failures.ts'

export interface VaultRequest {
  readonly method: 'GET' | 'POST'
  /** After `/v1/`, its segments encoded. */
  readonly path: string
  readonly token?: string
  readonly body?: object
}

/** `body` is whatever came: JSON that nobody has looked at, or text. */
export interface VaultAnswer {
  readonly status: number
  readonly body: unknown
}

export interface VaultClient {
  /**
   * Any answer in which Vault serves the request, refusals included. VAULT_SEALED, VAULT_UNREACHABLE for no connection, for 5xx and for 429;
   * the signal's reason once it aborts: the request is then torn down.
   */
  ask(request: VaultRequest, signal: AbortSignal): Promise<VaultAnswer>
}

/** `caCert`: PEM, trusted instead of the system's authorities. `timeoutMs`: silence after which a request that nobody waits for ends. */
export function createVaultClient(deps: {
  readonly address: string
  readonly namespace?: string
  readonly caCert?: string
  readonly timeoutMs: number
}): VaultClient {
  const { address, namespace, caCert, timeoutMs } = deps
  const tls = caCert === undefined ? {} : { ca: caCert }
  // node-vault prints what it writes when DEBUG names it, and fills gaps from VAULT_* of the environment: neither is wanted.
  const options = { endpoint: address, debug: () => undefined, rpDefaults: { strictSSL: true } }
  const vault = Object.assign(nodeVault(options), { token: '', namespace: '', pathPrefix: '' })
  // Its own reading of an answer takes a failure for a success where a path has sys/health in it; ours judges by the status.
  vault.handleVaultResponse = async (response) => ({ status: response?.statusCode, body: response?.body })

  return {
    async ask({ method, path, token, body }, signal) {
      signal.throwIfAborted()
      // An agent of its own for each request: destroying it is the only way to end one that node-vault has begun.
      const httpAgent = new HttpAgent()
      const httpsAgent = new HttpsAgent(tls)
      let leave = () => {}
      const aborted = new Promise<never>((_, reject) => {
        leave = () => reject(signal.reason)
        signal.addEventListener('abort', leave, { once: true })
      })
      const headers = {
        'X-Vault-Request': 'true',
        ...(token !== undefined && { 'X-Vault-Token': token }),
        ...(namespace !== undefined && { 'X-Vault-Namespace': namespace }),
      }
      const request = { method, path: `/${path}`, headers, timeout: timeoutMs, httpAgent, httpsAgent }
      try {
        const answering = vault.request({ ...request, ...(body && { json: body }) })
        const answer: VaultAnswer = await Promise.race([answering.catch(unanswered), aborted])
        const failure = unserved(answer)
        if (failure) throw failure
        return answer
      } finally {
        // A signal keeps who listens to it, and through this promise the answer, with the secret in it.
        signal.removeEventListener('abort', leave)
        httpAgent.destroy()
        httpsAgent.destroy()
      }
    },
  }
}
