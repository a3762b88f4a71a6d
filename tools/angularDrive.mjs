// Drives examples/angular in a browser through every fault: prices must keep coming.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { openMarket } from '../examples/angular/server/market.mjs';
import { folder } from './angularApp.mjs';
import { zoneApp } from './angularZone.mjs';

/** Longer than two heartbeats and a retry take. */
const SOON = 15_000;

/** Runs the checks; 0 when all of them hold. */
export async function drive(executablePath, shots) {
  const market = await openMarket({ folder: join(folder, 'dist') });
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  let failures = 0;
  const check = async (what, act) => {
    const from = performance.now();
    try {
      await act();
      console.log(`ok    ${what} (${((performance.now() - from) / 1_000).toFixed(1)} s)`);
    } catch (error) {
      failures += 1;
      console.log(`FAIL  ${what}\n${error.stack}`);
    }
  };

  try {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme: 'dark' });
    const page = await context.newPage();
    page.setDefaultTimeout(SOON);
    const complaints = [];
    let sockets = 0;
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('websocket', () => (sockets += 1));
    page.on('request', (request) => {
      const isOwn = request.url().startsWith(market.url) || request.url().startsWith('data:');
      if (!isOwn) complaints.push(`asks for ${request.url()}`);
    });
    const shot = (name) => shots && page.screenshot({ path: join(shots, `${name}.png`) });
    const state = () => page.getAttribute('app-badge', 'data-state');
    const inState = (name) => page.waitForSelector(`app-badge[data-state=${name}]`);
    const count = async (name) => Number(await page.textContent(`[data-count=${name}]`));
    const counted = (name, least) =>
      page.waitForFunction(
        ([which, wanted]) => Number(document.querySelector(`[data-count=${which}]`).textContent) >= wanted,
        [name, least],
      );
    const pricesCome = async () => {
      await counted('received', (await count('received')) + 8);
      expect(await state(), 'ACTIVE', 'the state while prices come');
    };
    const inflict = (fault) => page.click(`[data-fault=${fault}]`);

    await check('prices come, in an app without zone.js', async () => {
      await page.goto(market.url);
      await inState('ACTIVE');
      await pricesCome();
      expect(await page.locator('app-price-card').count(), 6, 'prices');
      expect(await page.evaluate(() => typeof Zone), 'undefined', 'Zone');
      await shot('1-quiet');
    });
    await check('through a link that is dropped', async () => {
      await inflict('drop');
      await counted('reconnects', 1);
      await shot('2-dropped');
      await inState('ACTIVE');
      await pricesCome();
    });
    await check('through a server that freezes', async () => {
      await inflict('freeze');
      await counted('reconnects', 2);
      await shot('3-frozen');
      await inState('ACTIVE');
      await pricesCome();
    });
    await check('through a server that drains, without a gap or another state', async () => {
      await page.evaluate(() => {
        const badge = document.querySelector('app-badge');
        window.states = [];
        new MutationObserver(() => window.states.push(badge.dataset.state)).observe(badge, {
          attributeFilter: ['data-state'],
        });
      });
      const [missed, dials] = [await count('missed'), market.dials()];
      await inflict('drain');
      await wait(700);
      await shot('4-draining');
      await counted('handovers', 1);
      await pricesCome();
      expect(await count('missed'), missed, 'missed');
      expect(market.dials(), dials + 1, 'dials');
      const states = await page.evaluate(() => window.states);
      expect(states.filter((name) => !['ACTIVE', 'DRAINING_RECONNECTING'].includes(name)).join(), '', 'other states');
      await shot('5-handed-over');
    });
    await check('offline nothing is dialed, online they come again', async () => {
      await context.setOffline(true);
      await inState('RECONNECTING');
      await page.waitForSelector('app-badge:has-text("Offline")');
      await shot('6-offline');
      const before = sockets;
      await wait(3_000);
      expect(sockets, before, 'sockets while offline');
      await context.setOffline(false);
      await inState('ACTIVE');
      await pricesCome();
    });
    await check('a hidden tab dials nothing, and once when it is shown', async () => {
      const show = (visibility) =>
        page.evaluate((value) => {
          Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => value });
          document.dispatchEvent(new Event('visibilitychange'));
        }, visibility);
      await show('hidden');
      const [dials, before] = [market.dials(), sockets];
      market.faults.drop();
      await inState('RECONNECTING');
      await wait(4_000);
      expect(sockets, before, 'sockets while hidden');
      await show('visible');
      await inState('ACTIVE');
      await pricesCome();
      expect(market.dials(), dials + 1, 'dials');
    });
    await check('nothing was complained of, nothing asked for elsewhere', () => {
      // What Chromium itself says of a dial that fails.
      expect(complaints.filter((text) => !/WebSocket connection to/.test(text)).join('\n'), '', 'complaints');
    });
    if (shots) {
      await page.emulateMedia({ colorScheme: 'light' });
      await wait(500);
      await shot('7-light');
      await page.setViewportSize({ width: 420, height: 900 });
      await shot('8-narrow');
    }
    await context.close();

    const folderOfZone = await zoneApp();
    const zoneMarket = await openMarket({ folder: folderOfZone });
    try {
      const zoned = await browser.newContext({ bypassCSP: true });
      zoned.setDefaultTimeout(SOON);
      await check('with zone.js the app is stable while the connection lives, and its view follows', async () => {
        const page = await zoned.newPage();
        await page.goto(zoneMarket.url);
        await page.waitForSelector('#state:has-text("ACTIVE")');
        await page.waitForSelector('#last:not(:empty)');
        await page.waitForSelector('body[data-stable=outside]');
      });
      await check('and is not when one dials inside the zone, as a control', async () => {
        const page = await zoned.newPage();
        await page.goto(`${zoneMarket.url}?inside`);
        await page.waitForSelector('#last:not(:empty)');
        await wait(1_500);
        expect(await page.getAttribute('body', 'data-stable'), null, 'stable');
      });
    } finally {
      await zoneMarket.close();
      rmSync(folderOfZone, { recursive: true, force: true });
    }
  } finally {
    await browser.close();
    await market.close();
  }
  return failures > 0 ? 1 : 0;
}

function expect(actual, expected, what) {
  if (actual !== expected) throw new Error(`${what}: expected ${expected}, got ${actual}`);
}
