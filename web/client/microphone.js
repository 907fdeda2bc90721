// The microphone as a stream of samples at any rate. Needs a secure page (https, or localhost) and the user's consent.
import { Resampler, floatToInt16 } from './pcm.js';

const REFUSALS = {
  NotAllowedError: 'The microphone may not be used: allow it for this page in the browser, then try again.',
  NotFoundError: 'No microphone was found: connect one, or choose a sound file.',
  NotReadableError: 'The microphone is in use by another program.',
};

/**
 * @param {AudioContext} context @param {number} rate wanted, Hz
 * @param {(samples: Int16Array) => void} onSamples every 20 ms
 * @returns {Promise<() => void>} a function that gives the microphone back
 * @throws {Error} one sentence that says what to do
 */
export async function openMicrophone(context, rate, onSamples) {
  if (!navigator.mediaDevices?.getUserMedia || !context.audioWorklet) {
    throw new Error('Browsers give the microphone to secure pages only: open this page by https or on localhost.');
  }
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: true } });
  } catch (error) {
    throw new Error(REFUSALS[error.name] ?? `The microphone could not be opened: ${error.message}`);
  }
  await context.audioWorklet.addModule(new URL('../worklet.js', import.meta.url));
  const source = context.createMediaStreamSource(stream);
  const tap = new AudioWorkletNode(context, 'microphone-tap', { numberOfOutputs: 0 });
  const resampler = new Resampler(context.sampleRate, rate);
  tap.port.onmessage = ({ data }) => onSamples(floatToInt16(resampler.push(data.samples)));
  source.connect(tap);
  return () => {
    tap.port.onmessage = null;
    source.disconnect();
    for (const track of stream.getTracks()) track.stop();
  };
}
