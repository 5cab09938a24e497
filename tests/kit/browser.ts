import { spawnSync } from 'node:child_process'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'

const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium'

/** Whether there is a browser; on a build server a missing one is a failure, not a reason to skip. */
export const noBrowser = process.env.CI !== 'true' && spawnSync(executablePath, ['--version']).status !== 0

const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export interface PageOptions {
  readonly width?: number
  readonly height?: number
  readonly dark?: boolean
}

/** A page of which everything it complains about, and every request it makes, is known. */
export interface WatchedPage extends Page {
  /** Words on the console that are warnings or errors, and errors that no script caught. */
  readonly complaints: readonly string[]
}

/** One browser for the tests of a file. No page may ask anything of another host than 127.0.0.1. */
export function withBrowser(): { open(options?: PageOptions): Promise<WatchedPage> } {
  let browser: Browser | undefined
  const strangers: string[] = []
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args })
  })
  afterEach(() => expect(strangers.splice(0), 'requests outside').toEqual([]))
  afterAll(() => browser?.close())
  return {
    async open({ width = 1280, height = 900, dark = false } = {}) {
      if (!browser) throw new Error('The browser runs within tests only')
      const context = await browser.newContext({ viewport: { width, height }, colorScheme: dark ? 'dark' : 'light' })
      const page = await context.newPage()
      const complaints: string[] = []
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
      })
      page.on('pageerror', (error) => complaints.push(error.message))
      page.on('request', (request) => {
        const { protocol, hostname } = new URL(request.url())
        if (protocol !== 'data:' && protocol !== 'blob:' && hostname !== '127.0.0.1') strangers.push(request.url())
      })
      return Object.assign(page, { complaints })
    },
  }
}
