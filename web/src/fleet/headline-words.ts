// The fleet in one sentence: the worst that is, and how many. Pure.
import type { GroupName } from '../../../src/cli/attention.ts'
import type { Group } from './attention.ts'

export interface HeadlineText {
  readonly words: string
  /** Of the groups that are not empty, the one to look at first. */
  readonly worst: GroupName
}

export function headline(groups: readonly Group[]): HeadlineText {
  const members = (name: GroupName) => groups.find((group) => group.name === name)?.gateways ?? []
  const person = members('person')
  if (person.length > 0) {
    const live = person.filter(({ tradingMode }) => tradingMode === 'live').length
    const one = person.length === 1
    const which = live === 0 ? '' : one ? ' live' : ''
    const among = live > 0 && !one ? (live === person.length ? ', all live' : `, ${live} of them live`) : ''
    return {
      words: `${person.length}${which} account${one ? ' needs' : 's need'} a person${among}`,
      worst: 'person',
    }
  }
  const recovering = members('recovering').length
  if (recovering > 0)
    return { words: `${counted(recovering, 'account')} down, recovering without you`, worst: 'recovering' }
  const starting = members('starting').length
  if (starting > 0) return { words: `Nothing needs you; ${starting} on the way`, worst: 'starting' }
  const watch = members('watch').length
  if (watch > 0) return { words: `Nothing is down; ${counted(watch, 'account')} degraded`, worst: 'watch' }
  const running = members('running').length
  const stopped = members('stopped').length
  if (running === 0)
    return {
      words: stopped === 1 ? 'The account is stopped' : `All ${stopped} accounts are stopped`,
      worst: 'stopped',
    }
  if (running === 1)
    return {
      words: stopped === 0 ? 'The account is running' : 'The wanted account is running',
      worst: 'running',
    }
  return {
    words: `All ${running}${stopped === 0 ? '' : ' wanted'} accounts are running`,
    worst: 'running',
  }
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
