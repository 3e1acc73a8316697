// A disk of a few megabytes for the manager's DATA_DIR, which can be filled to the last byte and freed again.
import { spawnSync } from 'node:child_process'
import { appendFileSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const megabytes = 24
const filler = 'filler'

export class SmallDisk {
  readonly path: string

  /** Mounts it; root only. Throws when that is refused. */
  constructor(folder: string) {
    this.path = join(folder, 'small-disk')
    mkdirSync(this.path)
    const { status, stderr } = spawnSync(
      'mount',
      ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=700`, 'tmpfs', this.path],
      { encoding: 'utf8' },
    )
    if (status !== 0) throw new Error(`mount: ${stderr}`)
  }

  /** Not a byte more goes on it. */
  fill(): void {
    for (const size of [1_048_576, 4_096, 1]) {
      const bytes = Buffer.alloc(size, 1)
      try {
        for (;;) appendFileSync(join(this.path, filler), bytes)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
      }
    }
  }

  free(): void {
    rmSync(join(this.path, filler), { force: true })
  }
}
