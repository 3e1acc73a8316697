// The machine below the manager: processors, memory, disk, and how late the manager's own turns are.
import type { ComponentChildren } from 'preact'
import type { SystemStatus } from '../../../schemas/system.ts'
import { Facts, Panel } from '../ui/facts.tsx'
import { bytes, milliseconds, percent } from './figures.ts'

export function Machine({ system }: { readonly system: SystemStatus }) {
  const {
    cpuCount,
    load1,
    memoryTotalBytes,
    memoryFreeBytes,
    processRssBytes,
    diskFreeBytes,
    diskTotalBytes,
  } = system.host
  const { p50Ms, p99Ms, maxMs } = system.eventLoop
  return (
    <Panel title="Machine">
      <Facts
        facts={[
          [
            'Processors',
            <Share key="cpu" label="Load of the processors" part={load1} whole={cpuCount}>
              load {load1.toFixed(2)} on {cpuCount}
            </Share>,
          ],
          [
            'Memory',
            <Share
              key="memory"
              label="Memory in use"
              part={memoryTotalBytes - memoryFreeBytes}
              whole={memoryTotalBytes}
            >
              {bytes(memoryFreeBytes)} free of {bytes(memoryTotalBytes)}
            </Share>,
          ],
          [
            'Disk',
            diskTotalBytes === undefined || diskFreeBytes === undefined ? (
              'not known'
            ) : (
              <Share
                key="disk"
                label="Disk in use"
                part={diskTotalBytes - diskFreeBytes}
                whole={diskTotalBytes}
              >
                {bytes(diskFreeBytes)} free of {bytes(diskTotalBytes)}
              </Share>
            ),
          ],
          ['This process', `${bytes(processRssBytes)} of memory`],
          [
            'Event loop',
            `late by ${milliseconds(p50Ms)}, 1 % of turns by ${milliseconds(p99Ms)}, at most ${milliseconds(maxMs)}`,
          ],
        ]}
      />
    </Panel>
  )
}

interface ShareProps {
  readonly label: string
  readonly part: number
  readonly whole: number
  readonly children: ComponentChildren
}

/** A share as a bar; above 80 % it is high, above 92 % too high. */
function Share({ label, part, whole, children }: ShareProps) {
  const shown = percent(part, whole)
  return (
    <>
      <meter
        class="share"
        aria-label={label}
        min={0}
        max={100}
        low={80}
        high={92}
        optimum={0}
        value={Math.min(100, shown)}
      >
        {shown} %
      </meter>{' '}
      {children}
    </>
  )
}
