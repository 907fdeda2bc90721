// The page against `lipstream serve` with the synthetic avatar, end to end. Screenshots of it are kept.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import test, { after, before } from 'node:test';
import { openBrowser, screenshot } from './browser.mjs';
import { programs, startLiveServer } from './live_server.mjs';
import { installProbe, makeClicks, makeWav, sayFile } from './probe.mjs';
import { templateDifference } from './template_difference.mjs';

let server;
let browser;
before(async () => {
  [server, browser] = await Promise.all([startLiveServer(programs()), openBrowser()]);
});
after(async () => {
  await browser?.close();
  const code = await server?.close();
  assert.equal(code, 0, `lipstream serve ended with ${code}: ${server?.log()}`);
});

async function openPage(options = {}, url = server.url) {
  const page = await browser.newPage(options);
  page.media = [];   // headers of binary messages and texts of events, as they came, seen from outside the page
  page.on('websocket', (socket) => {
    socket.on('framereceived', ({ payload }) => page.media.push(payload));
    socket.on('framesent', ({ payload }) => typeof payload === 'string' && page.media.push(`> ${payload}`));
  });
  await installProbe(page);
  await page.goto(url);
  await page.waitForSelector('#samples button');
  return page;
}

const spoken = (page, count = 1) =>
  page.waitForFunction((wanted) => probe.frames.filter(({ utterance }) => utterance > 0).length >= wanted, count, { timeout: 20_000 });
const ended = (page) => page.waitForFunction(() => probe.events.some(([type]) => type === 'ended'), null, { timeout: 30_000 });
const clean = (page) => assert.deepEqual(page.complaints, []);

/** The first `seconds` of a 16 bit mono WAV file at 16 kHz, and then silence. @returns {Buffer} a WAV file */
function speechThenSilence(path, seconds, silence) {
  const data = readFileSync(path);
  const at = data.indexOf('data') + 8;
  return makeWav(seconds + silence, (t) => (t < seconds ? data.readInt16LE(at + 2 * Math.round(t * 16000)) / 32768 : 0));
}

/**
 * A test of a server that speaks in real time, which takes a machine with time to spare: where the server says that it
 * had none (it sheds work, docs/protocol.md) the test is skipped, whatever came of it. Each waits until the server is
 * calm again after the one before.
 */
function liveTest(name, run) {
  test(name, async (t) => {
    await calm(15_000);
    const page = await openPage(name.includes('phone') ? { width: 360, height: 780, colorScheme: 'dark' } : {});
    try {
      await run(page);
      clean(page);
    } catch (error) {
      const warned = await page.evaluate(() => probe.events.some(([type, detail]) => type === 'warning' && detail.code === 'degraded'));
      if (!warned && (await calm(0))) throw error;
      t.skip(`the machine is too busy to speak in real time (${error.message.split('\n')[0]})`);
    } finally {
      await page.close();
    }
  });
}

/** Whether the server sheds no work and has few late frames; waits for it as long as told. */
async function calm(patienceMs) {
  for (const end = Date.now() + patienceMs; ; ) {
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    const level = Number(/^lipsync_shedding_level (\S+)/m.exec(metrics)?.[1]);
    assert.ok(level >= 0, 'the server says how far it sheds work');
    if (level === 0) return true;
    if (Date.now() >= end) return false;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** Lets the probe look at where the mouth is in the first patch; the head hardly moves. */
function watchMouth(page, rect) {
  return page.evaluate((given) => {
    probe.mouthRect = given;
    document.addEventListener('lipstream', ({ detail: lips }) => lips.on('frame', ({ x, y, width, height, utterance }) => {
      if (probe.mouthRect || utterance === 0) return;
      probe.mouthRect = [x + 0.34 * width, y + 0.28 * height, 0.42 * width, 0.26 * height].map(Math.round);
    }));
  }, rect);
}

const spread = (values) => Math.max(...values) - Math.min(...values);

test('the page opens with its avatar and its samples, and complains of nothing', async () => {
  const page = await openPage();
  assert.deepEqual(await page.locator('#avatar option').allTextContents(), ['demo']);
  assert.ok((await page.locator('#samples button').count()) >= 1);
  await page.waitForTimeout(500);
  await screenshot(page, 'live-start');
  clean(page);
  await page.close();
});

// Without networks there is time to spare on any machine, so these are never skipped: everything but the mouth's motion.
test('without networks a bundled sample is said to its end in every mode, and stops at once', async () => {
  const quick = await startLiveServer(programs(), ['--engine', 'null']);
  try {
    for (const mode of ['patch', 'h264']) {
      const page = await openPage({}, quick.url);
      await page.check(`input[value="${mode}"]`, { force: true });
      await page.click('#samples button');
      await spoken(page, 75);
      const { events, stats } = await page.evaluate(() => ({ events: probe.events, stats: probe.lips.statsNow() }));
      assert.equal(stats.broken + stats.stale, 0, mode);
      assert.ok(events.some(([type]) => type === 'utterance.started'), mode);
      await page.keyboard.press('Escape');
      await page.waitForFunction(() => probe.events.some(([type]) => type === 'output.cleared'));
      await page.waitForTimeout(500);
      const at = page.media.findIndex((payload) => typeof payload === 'string' && payload.includes('"output.cleared"'));
      const { utterance } = JSON.parse(page.media[at]);
      const after = page.media.slice(at).filter((payload) => typeof payload !== 'string').map((payload) => payload.readUInt32LE(12));
      assert.deepEqual(after.filter((number) => number > 0 && number <= utterance), [], mode);
      clean(page);
      await page.close();
    }
  } finally {
    assert.equal(await quick.close(), 0, quick.log());
  }
});

let mouthRect = null;  // found in mode patch, used in the others, whose frames are whole

liveTest('says a bundled sample in mode patch: the mouth moves, and nothing outside the patch does', async (page) => {
  await watchMouth(page, null);
  await page.click('#samples button');
  await spoken(page, 10);
  const { frames: compared, outside, rim } = await page.evaluate(templateDifference);
  await spoken(page, 75);
  await screenshot(page, 'live-patch');
  const { frames, rect, stats } = await page.evaluate(() => ({ frames: probe.frames, rect: probe.mouthRect, stats: probe.lips.statsNow() }));
  mouthRect = rect;
  assert.ok(compared >= 3, `${compared} frames were compared`);
  assert.ok(outside.mean < 0.1 && outside.most <= 3, `outside the patch: off by ${outside.mean} on average, ${outside.most} at most`);
  assert.ok(rim.mean < 4, `the patch's rim is off by ${rim.mean} on average, ${rim.most} at most`);
  const opening = frames.filter(({ utterance, dark }) => utterance > 0 && dark !== undefined).map(({ dark }) => dark);
  assert.ok(spread(opening) > 0.03, `the mouth's dark share moved by ${spread(opening)} only`);
  assert.equal(stats.lost + stats.broken + stats.stale, 0);
});

liveTest('says a bundled sample in mode h264', async (page) => {
  await watchMouth(page, mouthRect);
  await page.check('input[value="h264"]', { force: true });
  await page.click('#samples button');
  await spoken(page, 75);
  await screenshot(page, 'live-h264');
  const { frames, stats } = await page.evaluate(() => ({ frames: probe.frames, stats: probe.lips.statsNow() }));
  const opening = frames.filter(({ utterance }) => utterance > 0).map(({ dark }) => dark);
  assert.ok(spread(opening) > 0.03, `the mouth's dark share moved by ${spread(opening)} only`);
  assert.equal(stats.lost + stats.broken + stats.stale, 0);
});

liveTest('the mouth rests in silence', async (page) => {
  await watchMouth(page, mouthRect);
  await sayFile(page, 'speech.wav', speechThenSilence(server.speech, 2.5, 2));
  await ended(page);
  const { frames, start } = await page.evaluate(() => ({
    frames: probe.frames, start: probe.events.find(([type]) => type === 'utterance.started')[1].first_pts_us,
  }));
  const between = (from, to) =>
    frames.filter(({ utterance, ptsUs }) => utterance > 0 && ptsUs >= start + from * 1e6 && ptsUs < start + to * 1e6).map(({ dark }) => dark);
  const speech = between(0.2, 2.5);
  const silence = between(3.3, 4.5);
  assert.ok(speech.length >= 20 && silence.length >= 10, `${speech.length} frames of speech, ${silence.length} of silence`);
  assert.ok(spread(silence) < 0.2 * spread(speech), `dark share: ${spread(silence)} in silence, ${spread(speech)} in speech`);
});

liveTest('sound and picture meet', async (page) => {
  const times = [0.5, 1.0, 1.5, 2.0, 2.5];
  await sayFile(page, 'clicks.wav', makeClicks(2.7, times));
  await ended(page);
  const offsets = await page.evaluate((clicks) => {
    const { show } = probe.lips;
    const start = probe.events.findLast(([type]) => type === 'utterance.started')[1].first_pts_us;
    const onsets = probe.sound.filter(({ onsetS }, i) => onsetS !== null && (i === 0 || probe.sound[i - 1].level < 0.02));
    return clicks.map((at, i) => {
      // A frame is known by its time stamp, the sound by its own onset; each has its own way to the viewer.
      const frame = probe.frames.find(({ ptsUs, utterance }) => utterance > 0 && ptsUs >= start + at * 1e6 - 1);
      return 1000 * (onsets[i].onsetS + show.latencyS - (frame.atS + show.refreshMs / 1000)) + (frame.ptsUs - start - at * 1e6) / 1000;
    });
  }, times);
  const median = offsets.sort((a, b) => a - b)[2];  // one of them may meet a busy moment of the machine
  assert.ok(median >= -45 && median <= 15, `A/V offsets of ${offsets.map((x) => x.toFixed(1))} ms`);
});

liveTest('stop silences within 50 ms, and no frame of what was said comes after the server has cleared it', async (page) => {
  await page.click('#samples button');
  await spoken(page, 25);
  await page.evaluate(() => addEventListener('keydown', () => (probe.stopS = probe.lips.context.currentTime), { capture: true, once: true }));
  await page.keyboard.press('Escape');
  await page.waitForFunction(() => probe.events.some(([type]) => type === 'output.cleared'));
  await page.waitForTimeout(700);
  const seen = await page.evaluate(() => ({ stopS: probe.stopS, sound: probe.sound, frames: probe.frames, events: probe.events, stats: probe.lips.statsNow() }));
  const [, cleared, clearedS] = seen.events.find(([type]) => type === 'output.cleared');
  assert.ok(clearedS - seen.stopS < 0.3, `cleared after ${1000 * (clearedS - seen.stopS)} ms`);
  assert.equal(seen.sound.filter(({ level, startS }) => level > 0.01 && startS > seen.stopS + 0.05).length, 0, 'still heard');
  assert.equal(seen.frames.filter(({ utterance, atS }) => utterance > 0 && atS > seen.stopS + 0.03).length, 0, 'still shown');
  const at = page.media.findIndex((payload) => typeof payload === 'string' && payload.includes('"output.cleared"'));
  assert.ok(at > 0);
  const stale = page.media.slice(at).filter((payload) => typeof payload !== 'string').map((payload) => payload.readUInt32LE(12));
  assert.deepEqual(stale.filter((utterance) => utterance > 0 && utterance <= cleared.utterance), []);
  assert.ok(stale.length > 0, 'the avatar goes on moving');
});

liveTest('a lost connection is taken up again, and everything is said', async (page) => {
  const seconds = 3.5;
  await sayFile(page, 'speech.wav', speechThenSilence(server.speech, seconds, 0));
  await spoken(page, 10);
  server.dropConnections();
  await page.waitForFunction(() => probe.events.some(([type, detail]) => type === 'state' && detail === 'resuming'));
  await ended(page);
  const done = await page.evaluate(() => probe.events.filter(([type]) => type === 'utterance.done').map(([, detail]) => detail));
  assert.equal(done.length, 1);
  assert.equal(done[0].audio_samples, seconds * 16000);
  assert.equal(await page.isVisible('#error'), false);
});

liveTest('what was said can be saved as a video file that other programs play', async (page) => {
  await sayFile(page, 'speech.wav', speechThenSilence(server.speech, 2, 0));
  await ended(page);
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('#save')]);
  const path = await download.path();
  const probed = spawnSync('ffprobe', ['-v', 'error', '-count_frames', '-show_entries', 'stream=codec_name,nb_read_frames', '-of', 'csv=p=0', path], { encoding: 'utf8' });
  assert.equal(probed.stderr, '');
  const frames = new Map(probed.stdout.trim().split('\n').map((line) => line.split(',')));
  assert.deepEqual([...frames.keys()].sort(), ['aac', 'h264']);
  assert.ok(Math.abs(Number(frames.get('h264')) - 50) <= 6, `${frames.get('h264')} pictures`);
});

liveTest('fits a phone', async (page) => {
  await page.click('#samples button');
  await spoken(page, 20);
  await screenshot(page, 'live-phone');
  const [scroll, client] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(scroll <= client, `${scroll} px wide on ${client}`);
});
