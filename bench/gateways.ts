// A process of simulated gateways for others to measure against: `fork`ed with their number, it sends their ports.
import { startSimulatedGateway } from '../src/simulator/gateway.ts'

const gateways = await Promise.all(
  Array.from({ length: Number(process.argv[2]) }, (_, index) =>
    startSimulatedGateway({
      username: `bench${index}`,
      password: 'sim',
      tradingMode: 'paper',
      loginSeconds: 0,
      onLog() {},
      onExit() {},
    }),
  ),
)
while (!gateways.every(({ loggedIn }) => loggedIn)) await new Promise((resolve) => setTimeout(resolve, 20))
process.send?.({ ports: gateways.map(({ port }) => port) })
process.on('disconnect', () => process.exit())
