// Sound files as a session needs them: as they will be heard, and as they will be sent.
import { Resampler, floatToInt16, mixToMono } from './pcm.js';

/**
 * @param {AudioContext} context @param {Blob|ArrayBuffer|AudioBuffer} sound @param {number} rate Hz
 * @returns {Promise<{original: AudioBuffer, samples: Int16Array}>} `samples` are mono at `rate`
 * @throws {Error} one sentence, when the browser cannot read it
 */
export async function decodeSound(context, sound, rate) {
  const original = sound instanceof AudioBuffer ? sound : await decode(context, sound);
  if (original.length === 0) throw new Error('The sound file is empty.');
  const resampler = new Resampler(original.sampleRate, rate);
  const mono = mixToMono(original);
  const body = floatToInt16(resampler.push(mono));
  const tail = floatToInt16(resampler.flush());
  const samples = new Int16Array(body.length + tail.length);
  samples.set(body);
  samples.set(tail, body.length);
  return { original, samples };
}

async function decode(context, sound) {
  const bytes = sound instanceof Blob ? await sound.arrayBuffer() : sound.slice(0);
  try {
    return await context.decodeAudioData(bytes);
  } catch {
    throw new Error('This is no sound file the browser can read: try a WAV or MP3 file.');
  }
}
