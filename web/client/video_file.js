// A video file of what was said: the server renders the samples once more, as fragmented MP4 with sound.
import { Flag, Kind } from './media_message.js';
import { Session } from './session.js';

const AHEAD_S = 5;          // sent ahead of what has been rendered
const PATIENCE_MS = 30_000; // without anything new
const FLUSH_MS = 1500;      // for the fragment with the last pictures, which comes after utterance.done
const REPORT_MS = 100;      // a server that is told so often where we are never takes a frame for late

/**
 * @param {object} options as Session's: url, avatar, token, apiKey
 * @param {Int16Array} samples at `rate` @param {number} rate
 * @param {(share: number) => void} onProgress 0..1
 * @returns {Promise<Blob>} video/mp4, marked as synthetic by the server
 */
export function renderVideoFile(options, samples, rate, onProgress = () => {}) {
  return new Promise((resolve, reject) => {
    const parts = [];
    let sent = 0;
    let over = false;
    let lastUs = Infinity;  // pts of the last picture that was said
    let atUs = 0;       // what has come
    let timer = null;
    let reporter = null;
    const settings = {
      audio_in: { format: 'pcm_s16le', rate },
      video: { mode: 'fmp4' },
      audio_out: 'aac',
      pace: 'asap',
      max_lead_ms: 10_000,
      idle: 'server',
    };
    const session = new Session({ ...options, settings }, (type, detail) => {
      wait();
      if (type === 'media') receive(detail);
      else if (type === 'utterance.done') finish(detail.last_pts_us);
      else if (type === 'failure') end(detail);
    });
    const finish = (ptsUs) => {
      lastUs = ptsUs;
      clearTimeout(timer);
      if (over) end();
      else timer = setTimeout(end, FLUSH_MS);
    };
    const wait = () => {
      if (lastUs !== Infinity) return;
      clearTimeout(timer);
      timer = setTimeout(() => end(new Error('The server made no video within 30 s.')), PATIENCE_MS);
    };
    const end = (error) => {
      clearTimeout(timer);
      clearInterval(reporter);
      session.close();
      if (error) reject(error);
      else if (parts.length === 0) reject(new Error('The server sent no video.'));
      else resolve(new Blob(parts, { type: 'video/mp4' }));
    };
    const receive = (message) => {
      const isPart = message.kind === Kind.MP4_INIT || message.kind === Kind.MP4_FRAGMENT;
      if (!isPart || over) return;
      if (message.ptsUs > lastUs) return end();  // what follows is idle
      over = (message.flags & Flag.LAST) !== 0;
      parts.push(message.payload.slice());
      if (message.kind === Kind.MP4_INIT) return;
      atUs = message.ptsUs;
      onProgress(Math.min(1, message.ptsUs / 1e6 / (samples.length / rate)));
      send(message.ptsUs / 1e6 + AHEAD_S);
    };
    const send = (untilS) => {
      const until = Math.min(samples.length, Math.floor(untilS * rate));
      for (const step = rate / 10; sent < until; sent += step) session.sendPcm(samples.subarray(sent, Math.min(sent + step, until)));
      if (sent >= samples.length && sent !== Infinity) {
        sent = Infinity;
        session.commit();
      }
    };
    wait();
    session.connect().then(() => {
      send(AHEAD_S);
      reporter = setInterval(() => session.send({ type: 'playback.report', pts_us: atUs, buffered_ms: 0, dropped: 0 }), REPORT_MS);
    }, end);
  });
}
