// `ibgm watch`: the fleet as it changes; a table in place on a terminal, a line for each change in a pipe.
import type { Alert } from '../../../schemas/alert.ts'
import type { Gateway } from '../../../schemas/gateway.ts'
import { progressLine } from '../gateway-view.ts'
import { exitCodes } from '../io.ts'
import { followLive, type LiveItem } from '../live.ts'
import { openScreen, type Screen } from '../screen.ts'
import { printable } from '../terminal.ts'
import type { Cli, Toolbox } from '../toolbox.ts'
import { changeOf } from '../wait.ts'
import { WatchBoard } from '../watch-board.ts'

/** Ages and countdowns move on their own. */
const tickMs = 1_000
/** Many changes at once are one picture. */
const gatherMs = 50

export function addWatchCommand(cli: Cli): void {
  cli.handle<[], object>(
    cli.program
      .command('watch')
      .description('the fleet as it changes, what needs a person first; until Ctrl-C'),
    async (tools) => {
      const items = followLive({
        client: tools.client(),
        query: { include: 'gateways,alerts' },
        signal: tools.io.signal,
      })
      if (tools.json) for await (const item of items) tools.io.stdout.write(`${JSON.stringify(item)}\n`)
      else if (tools.io.stdout.isTTY) await drawBoard(tools, items)
      else await printChanges(tools, items)
      return exitCodes.ok
    },
  )
}

async function drawBoard({ io, paint }: Toolbox, items: AsyncIterable<LiveItem>): Promise<void> {
  const board = new WatchBoard()
  let gathering: NodeJS.Timeout | undefined
  const draw = () => {
    gathering = undefined
    screen?.draw(board.lines(Date.now(), screen.size, paint))
  }
  let screen: Screen | undefined
  let tick: NodeJS.Timeout | undefined
  try {
    for await (const item of items) {
      board.take(item, Date.now())
      if (screen) gathering ??= setTimeout(draw, gatherMs)
      else if (item.kind === 'synced' || item.kind === 'lost') {
        // Only now: half of a fleet would be a false picture, and a manager that cannot be reached is told on the screen that stays.
        screen = openScreen(io.stdout, draw)
        tick = setInterval(draw, tickMs)
        draw()
      }
    }
  } finally {
    clearInterval(tick)
    clearTimeout(gathering)
    screen?.close()
  }
}

async function printChanges({ io, paint, say }: Toolbox, items: AsyncIterable<LiveItem>): Promise<void> {
  const startedAt = performance.now()
  const told = new Map<string, string>()
  const open = new Set<string>()
  let lost = false
  const tell = (gateway: Gateway) => {
    const news = changeOf(gateway)
    if (told.get(gateway.followerId) === news) return
    told.set(gateway.followerId, news)
    say(progressLine(gateway, performance.now() - startedAt, paint))
  }
  const tellAlert = ({ id, level, title, resolvedAt }: Alert) => {
    const known = open.has(id)
    if (resolvedAt ? !known : known) return
    if (resolvedAt) open.delete(id)
    else open.add(id)
    say(`${' '.repeat(8)}${resolvedAt ? 'resolved' : `alert ${level}`}: ${printable(title)}`)
  }
  for await (const item of items) {
    if (item.kind === 'gateway') tell(item.gateway)
    else if (item.kind === 'gateway-removed') {
      told.delete(item.followerId)
      say(`${' '.repeat(8)}${printable(item.followerId)}  removed`)
    } else if (item.kind === 'alert') tellAlert(item.alert)
    else if (item.kind === 'lost') {
      lost = true
      io.stderr.write(`not live: ${printable(item.why)}; trying again\n`)
    } else if (lost && item.kind === 'synced') {
      lost = false
      io.stderr.write('live again\n')
    }
  }
}
