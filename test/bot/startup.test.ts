// The start-up with its real parts: real sockets, and alerts that go to a webhook, or nowhere.
import type { Socket } from 'node:net'
import t from 'tap'
import { ibConnector } from '../../src/adapters/ib/connector.ts'
import { systemClock } from '../../src/adapters/system-clock.ts'
import { createDiscordSink } from '../../src/adapters/webhook/discord.ts'
import { BotAlerts } from '../../src/bot/bot-alerts.ts'
import { checkGateway } from '../../src/bot/gateway-check.ts'
import { type WaitOptions, waitForGateway } from '../../src/bot/wait-for-gateway.ts'
import type { AlertSink } from '../../src/ports/alerts.ts'
import { receiver } from '../adapters/webhook/receiver.ts'
import { silent } from '../session/harness.ts'
import { accounts, handshake, orderId, startTwsStub } from '../session/tws-stub.ts'

const never = new AbortController().signal
const clock = systemClock()
const connector = ibConnector()

const quick: WaitOptions = {
  gateway: 'gateway:4002',
  maxTries: 10,
  timeoutMs: 30_000,
  retryIntervalMs: 10,
  orchestration: 'docker',
}

/** A start-up that finds the port refused, with these sinks. */
async function failedStart(sinks: readonly AlertSink[]) {
  const alerts = new BotAlerts({ sinks, clock, log: silent })
  const outcome = await waitForGateway(
    {
      clock,
      log: silent,
      notifier: alerts,
      check: async () => ({ ok: false, kind: 'refused', detail: 'nothing listens' }),
    },
    { ...quick, maxTries: 1 },
    never,
  )
  return { outcome, flushed: await alerts.flushed(10_000) }
}

t.test(
  'a gateway that drops, then hangs up in the handshake, then is there: the bot goes on [EC-02, EC-04]',
  async (t) => {
    let connections = 0
    const stub = await startTwsStub(t, {
      onConnect(socket: Socket) {
        connections += 1
        if (connections === 1) socket.destroy()
      },
      onHello(socket) {
        socket.write(handshake())
        if (connections === 2) socket.end()
      },
      onStart(socket) {
        socket.write(accounts)
        socket.write(orderId)
      },
    })
    const outcome = await waitForGateway(
      {
        clock,
        log: silent,
        notifier: { notify() {} },
        check: (signal) => checkGateway({ connector, clock }, { host: '127.0.0.1', port: stub.port }, signal),
      },
      quick,
      never,
    )
    t.match(outcome, { ready: true, tries: 3, verdict: { accounts: ['DU1234567'] } })
    t.equal(connections, 3, 'one connection for each try')
    t.ok(
      stub.sockets.every((socket) => socket.destroyed || socket.readableEnded),
      'all are closed',
    )
  },
)

t.test(
  'without a webhook a start-up fails as told, and nothing else happens [send_alert_no_webhook]',
  async (t) => {
    t.match(await failedStart([]), {
      outcome: { ready: false, text: 'Gateway validation failed, cannot start bot' },
      flushed: true,
    })
  },
)

t.test(
  'with a webhook the failure reaches it, in the words that people look for [send_alert_with_webhook]',
  async (t) => {
    const webhook = await receiver(t)
    t.match(await failedStart([createDiscordSink({ url: webhook.url, clock })]), { flushed: true })
    t.match(webhook.bodies, [{ content: /🚨 \*\*CRITICAL: Gateway startup failed after all retries\*\*/u }])
  },
)
