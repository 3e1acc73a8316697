// Never run: each line marked here must fail to compile, or the build does. What could be written by accident is what the types have to stop.
import { Broker, type BrokerDeps } from '../../src/bot/broker.ts'
import type { OrderIntent } from '../../src/bot/intents.ts'
import { GatePass, type OrderGate } from '../../src/bot/order-gate.ts'
import { Validation } from '../../src/bot/validation.ts'

export async function bypasses(
  gate: OrderGate,
  broker: Broker,
  deps: BrokerDeps,
  intent: OrderIntent,
): Promise<void> {
  // @ts-expect-error a broker is made with a gate
  new Broker(deps)
  // @ts-expect-error a gate, and nothing that looks like one
  new Broker({ isOpen: true, admit() {}, pass: () => null }, deps)
  // @ts-expect-error only a gate makes passes
  new GatePass(1, 'DU1234567')
  // @ts-expect-error only validateGateway makes validations
  new Validation({}, {})
  // @ts-expect-error an order needs a pass
  await broker.place(intent)
  // @ts-expect-error a closed gate has none
  await broker.place(gate.pass(), intent)
  // @ts-expect-error so does a cancellation
  await broker.cancel('ibgm-bot:1')
  // @ts-expect-error that something is true opens nothing
  gate.open(true)

  const pass = gate.pass()
  if (pass) await broker.place(pass, intent)
}
