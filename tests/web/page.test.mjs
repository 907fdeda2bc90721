// The page against the mock server: every control, and what people are told when something goes wrong.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test, { after, before } from 'node:test';
import { openBrowser, screenshot } from './browser.mjs';
import { startMockServer } from './mock_server.mjs';
import { PATCH } from './mock_material.mjs';
import { installProbe, makeClicks, makeWav, sayFile } from './probe.mjs';
import { templateDifference } from './template_difference.mjs';

let mock;
let browser;
before(async () => {
  mock = await startMockServer();
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  mock?.close();
});

const MOUTH = [PATCH.x + 8, PATCH.y + 8, PATCH.width - 16, PATCH.height - 16];

async function openPage(options = {}) {
  const page = await browser.newPage(options);
  await installProbe(page);
  if (options.init) await page.addInitScript(options.init);
  await page.goto(mock.url);
  await page.waitForSelector('#samples button');
  await page.evaluate((rect) => (probe.mouthRect = rect), MOUTH);
  return page;
}

const ended = (page) => page.waitForFunction(() => probe.events.some(([type]) => type === 'ended'), null, { timeout: 8000 });
const speaking = (page) => page.waitForFunction(() => probe.frames.some(({ utterance }) => utterance > 0), null, { timeout: 8000 });
const waitUntil = async (isSo) => {
  for (let i = 0; i < 800 && !isSo(); ++i) await new Promise((resolve) => setTimeout(resolve, 10));
};
const clean = (page) => assert.deepEqual(page.complaints, []);

/** Loud from 0.4 s to 0.8 s of 1.2 s. */
const LOUD_MIDDLE = makeWav(1.2, (t) => (t > 0.4 && t < 0.8 ? 0.9 * Math.sin(2 * Math.PI * 300 * t) : 0));

for (const mode of ['patch', 'h264', 'jpeg']) {
  test(`says a sound file in mode ${mode}`, async () => {
    const page = await openPage();
    await page.check(`input[value="${mode}"]`, { force: true });
    await sayFile(page, 'loud.wav', LOUD_MIDDLE);
    await ended(page);
    const seen = await page.evaluate(() => ({ frames: probe.frames, sound: probe.sound, stats: probe.lips.statsNow(), start: probe.events.find(([type]) => type === 'utterance.started')[1].first_pts_us }));
    const spoken = seen.frames.filter(({ utterance }) => utterance > 0);
    assert.ok(spoken.length >= 15, `${spoken.length} of 30 frames were shown`);
    assert.equal(seen.stats.stale, 0);
    assert.equal(seen.stats.broken, 0);
    assert.ok(seen.sound.some(({ level }) => level > 0.5), 'it was heard');
    if (mode === 'patch') {
      const at = (second) => spoken.find(({ ptsUs }) => ptsUs >= seen.start + second * 1e6).mouth;
      assert.ok(at(0.6) > at(0.1) + 60, `the mouth was ${at(0.1)} in silence and ${at(0.6)} when loud`);
      assert.ok(Math.abs(at(1.0) - at(0.1)) < 4, 'and rests afterwards');
    }
    clean(page);
    await page.close();
  });
}

test('the documented example says its file, and stops', async () => {
  const text = readFileSync(new URL('../../docs/web_client.md', import.meta.url), 'utf8');
  const example = text.match(/```html\n([\s\S]*?)```/)[1].replace('http://localhost:8080', mock.url).replace("'anna'", "'mock'");
  assert.ok(example.trim().split('\n').length <= 22, 'it is short');
  const page = await browser.newPage();
  mock.control.files['/example.html'] = { type: 'text/html', data: `<!doctype html><link rel="icon" href="icon.svg">${example}` };
  mock.control.files['/hello.wav'] = { type: 'audio/wav', data: LOUD_MIDDLE };
  await page.goto(`${mock.url}/example.html`);
  for (const stops of [false, true]) {
    mock.control.events.length = 0;
    const said = page.waitForEvent('console', { predicate: (line) => line.text().startsWith('said it'), timeout: 8000 });
    const sent = mock.control.sent.length;
    await page.click('#start');
    if (stops) {
      await waitUntil(() => mock.control.sent.length > sent + 3);
      await page.click('#stop');
    }
    await said;
    const types = mock.control.events.map(({ type }) => type);
    assert.equal(types.includes('input_audio.clear'), stops);
  }
  clean(page);
  await page.close();
});

test('outside the patch the canvas is the template, pixel for pixel as a video element shows it', async () => {
  const page = await openPage();
  await sayFile(page, 'loud.wav', LOUD_MIDDLE);
  await speaking(page);
  const { frames, outside } = await page.evaluate(templateDifference);
  assert.ok(frames >= 3, `${frames} frames were compared`);
  assert.ok(outside.mean < 0.1 && outside.most <= 3, `off by ${outside.mean} on average, ${outside.most} at most`);
  await page.close();
});

test('without WebCodecs the background comes from a video element, and H.264 is not offered', async () => {
  const page = await openPage({ init: () => delete globalThis.VideoDecoder });
  assert.ok(await page.isDisabled('input[value="h264"]'));
  await sayFile(page, 'loud.wav', LOUD_MIDDLE);
  await ended(page);
  assert.ok((await page.evaluate(() => probe.frames.filter(({ utterance }) => utterance > 0).length)) >= 15);
  clean(page);
  await page.close();
});

test('sound and picture meet', async () => {
  const page = await openPage();
  const times = [0.4, 0.9, 1.4, 1.9, 2.4];
  await sayFile(page, 'clicks.wav', makeClicks(2.6, times));
  await ended(page);
  const offsets = await page.evaluate((clicks) => {
    const show = probe.lips.show;
    const onsets = probe.sound.filter(({ onsetS }, i) => onsetS !== null && (i === 0 || probe.sound[i - 1].level < 0.02)).map(({ onsetS }) => onsetS);
    const opened = probe.frames.filter(({ mouth }, i) => i > 0 && mouth > probe.frames[i - 1].mouth + 40).map(({ atS }) => atS);
    return clicks.map((_, i) => 1000 * (onsets[i] + show.latencyS - (opened[i] + show.refreshMs / 1000)));
  }, times);
  const median = offsets.sort((a, b) => a - b)[2];  // one of them may meet a busy moment of the machine
  assert.ok(median >= -45 && median <= 15, `A/V offsets of ${offsets.map((x) => x.toFixed(1))} ms`);
  await page.close();
});

test('Escape silences at once, and no frame of it is shown afterwards', async () => {
  const page = await openPage();
  await page.click('#samples button');
  await speaking(page);
  await page.waitForTimeout(700);
  await screenshot(page, 'mock-speaking');
  const stoppedS = await page.evaluate(() => (addEventListener('keydown', () => (probe.stopS = probe.lips.context.currentTime), { capture: true, once: true }), 0));
  await page.keyboard.press('Escape');
  await page.waitForTimeout(600);
  const seen = await page.evaluate(() => ({ stopS: probe.stopS, sound: probe.sound, frames: probe.frames, stats: probe.lips.statsNow() }));
  assert.ok(seen.stopS > stoppedS);
  const heard = seen.sound.filter(({ level, startS }) => level > 0.01 && startS > seen.stopS + 0.05);
  assert.equal(heard.length, 0, 'still heard 50 ms later');
  assert.deepEqual(seen.frames.filter(({ utterance, atS }) => utterance > 0 && atS > seen.stopS + 0.03), []);
  assert.equal(seen.stats.stale, 0);
  assert.equal(await page.textContent('#status'), 'Stopped.');
  assert.ok(await page.isDisabled('#stop'));
  clean(page);
  await page.close();
});

test('frames that a bad server sends after clearing are counted and not shown', async () => {
  const page = await openPage();
  mock.control.rogue = true;
  await page.click('#samples button');
  await speaking(page);
  await page.click('#stop');
  await page.waitForFunction(() => probe.events.some(([type]) => type === 'output.cleared'));
  await page.waitForTimeout(400);
  mock.control.rogue = false;
  const { stats, frames, clearedS } = await page.evaluate(() => ({
    stats: probe.lips.statsNow(), frames: probe.frames, clearedS: probe.events.find(([type]) => type === 'output.cleared')[2],
  }));
  assert.equal(stats.stale, 3);
  assert.equal(frames.filter(({ utterance, atS }) => utterance > 0 && atS > clearedS).length, 0);
  await page.close();
});

test('a lost connection is taken up again, and everything is said', async () => {
  const page = await openPage();
  await sayFile(page, 'long.wav', makeWav(2, (t) => 0.5 * Math.sin(2 * Math.PI * 200 * t)));
  await speaking(page);
  const session = [...mock.control.sessions.values()].at(-1);
  mock.control.dropConnections();
  await page.waitForFunction(() => document.querySelector('#state').dataset.state === 'resuming');
  await ended(page);
  assert.equal(session.samples, 32000);
  const last = await page.evaluate(() => probe.frames.filter(({ utterance }) => utterance > 0).at(-1).ptsUs);
  assert.ok(last >= 1_800_000, `ended after the frame of ${last} us`);
  assert.equal(await page.isVisible('#error'), false);
  await page.close();
});

test('a refusal is a sentence, and the next try may succeed', async () => {
  const page = await openPage();
  mock.control.refuse = { code: 'overloaded', message: 'both slots are taken' };
  await page.click('#samples button');
  await page.waitForSelector('#error:visible');
  assert.equal(await page.textContent('#error'), 'Both slots are taken. Try again in 5 s.');
  assert.equal(await page.textContent('#state-text'), 'Not connected');
  await screenshot(page, 'mock-refused');
  await page.click('#samples button');
  await speaking(page);
  assert.equal(await page.isVisible('#error'), false);
  await page.close();
});

test('a server that wants a key is told one', async () => {
  const page = await openPage();
  mock.control.refuse = { status: 401, code: 'api_key_missing', message: 'sessions need a key' };
  await page.click('#samples button');
  await page.waitForSelector('#error:visible');
  assert.equal(await page.textContent('#error'), 'This server wants an access key: enter it under “Access key”.');
  await page.fill('#key', 'secret key');
  const [request] = await Promise.all([page.waitForRequest('**/v1/sessions'), page.click('#samples button')]);
  assert.equal(request.headers().authorization, 'Bearer secret key');
  await page.close();
});

test('an avatar that is still being loaded can be chosen as soon as it is ready', async () => {
  mock.control.loading = true;
  const page = await openPage();
  assert.equal(await page.textContent('#avatar option'), 'Mock (loading)');
  assert.equal(await page.textContent('#status'), 'The server is getting its avatars ready.');
  mock.control.loading = false;
  await page.waitForFunction(() => document.querySelector('#avatar option').textContent === 'Mock', null, { timeout: 5000 });
  await page.click('#samples button');
  await speaking(page);
  clean(page);
  await page.close();
});

test('what is no sound is refused with a hint', async () => {
  const page = await openPage();
  await sayFile(page, 'text.wav', Buffer.from('this is no sound'));
  await page.waitForSelector('#error:visible');
  assert.equal(await page.textContent('#error'), 'This is no sound file the browser can read: try a WAV or MP3 file.');
  await page.close();
});

test('the microphone is said until it is switched off', async () => {
  const page = await openPage();
  await page.click('#microphone');
  await speaking(page);
  assert.equal(await page.getAttribute('#microphone', 'aria-pressed'), 'true');
  const session = [...mock.control.sessions.values()].at(-1);
  assert.ok(session.samples > 3200 && session.samples % 320 < 320);
  await page.click('#microphone');
  await ended(page);
  assert.equal(await page.getAttribute('#microphone', 'aria-pressed'), 'false');
  assert.ok(mock.control.events.some(({ type }) => type === 'input_audio.commit'));
  clean(page);
  await page.close();
});

test('what was said can be saved as a video file', async () => {
  const page = await openPage();
  await sayFile(page, 'loud.wav', LOUD_MIDDLE);
  await ended(page);
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('#save')]);
  assert.match(download.suggestedFilename(), /^mock-synthetic-.*\.mp4$/);
  assert.equal(readFileSync(await download.path()).toString('latin1', 4, 8), 'ftyp');
  await page.close();
});

test('works by keyboard alone', async () => {
  const page = await openPage();
  const order = [];
  for (let i = 0; i < 12; ++i) {
    await page.keyboard.press('Tab');
    order.push(await page.evaluate(() => document.activeElement.id || document.activeElement.name || document.activeElement.className || document.activeElement.textContent.trim().slice(0, 5)));
    if (order.at(-1) === 'Hello') break;
  }
  assert.deepEqual(order, ['skip', 'microphone', 'file', 'monitor', 'Hello']);
  await page.keyboard.press('Enter');
  await speaking(page);
  await page.keyboard.press('Escape');
  await page.waitForFunction(() => !probe.lips.speaking);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('ArrowRight');
  assert.equal(await page.evaluate(() => document.querySelector('input[name="mode"]:checked').value), 'h264');
  await page.close();
});

for (const colorScheme of ['light', 'dark']) {
  test(`fits a phone, ${colorScheme}`, async () => {
    const page = await openPage({ width: 360, height: 780, colorScheme });
    await page.waitForTimeout(300);
    await screenshot(page, `phone-${colorScheme}`);
    const { scroll, client, small } = await page.evaluate(() => ({
      scroll: document.documentElement.scrollWidth,
      client: document.documentElement.clientWidth,
      small: [...document.querySelectorAll('button, select, .file')].filter((one) => one.getBoundingClientRect().height < 40).length,
    }));
    assert.ok(scroll <= client, `${scroll} px wide on ${client}`);
    assert.equal(small, 0, 'controls too small for a finger');
    clean(page);
    await page.close();
  });
}
