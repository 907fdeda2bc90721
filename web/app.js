// The page: what people do with it, and what it tells them. Everything live is Lipstream's.
import { IDLE, Lipstream } from './lipstream.js';

const $ = (id) => document.getElementById(id);

const MODE_NOTES = {
  patch: 'Sends the mouth only; this page puts it onto the template. Least data, sharpest picture.',
  h264: 'Sends whole frames as H.264, decoded by WebCodecs.',
  jpeg: 'Sends whole frames as JPEG. Much data; for looking closely.',
};
const STATE_TEXTS = {
  idle: 'Not connected', connecting: 'Connecting …', open: 'Ready', speaking: 'Speaking', resuming: 'Reconnecting …',
  failed: 'Not connected',
};

/** What the server warns of, for people; its own words are for programs. */
const WARNINGS = {
  degraded: 'The server is busy: the picture is simpler for a while.',
  slow_client: 'The video comes faster than it can be shown here: only half of its frames are sent now.',
  audio_underrun: 'The sound reached the server late.',
  near_limit: 'The sound comes faster than the server can say it.',
};

let lips = null;       // the session, once something was said
let opening = null;    // the promise of it
let avatars = [];
let current = null;    // the sample button that is being said
let saidBy = null;     // the session that said something last
let saving = false;
let turns = 0;         // counts what people asked for: what was asked for last is said, however long it takes to load

// --- what there is to choose ------------------------------------------------------------------------------------------

async function getJson(path) {
  let response;
  try {
    response = await fetch(path);
  } catch {
    throw new Error('The server does not answer. Is lipstream serve still running?');
  }
  if (!response.ok) throw new Error(`The server answered ${path} with status ${response.status}.`);
  return response.json();
}

/** Lists the avatars; while some are still being loaded by the server, again and again. */
async function loadAvatars() {
  avatars = (await getJson('/v1/avatars')).avatars;
  if (avatars.length === 0) throw new Error('The server has no avatar: start it with lipstream serve --avatars FOLDER.');
  const chosen = $('avatar').value;
  const usable = avatars.filter(isReady);
  $('avatar').replaceChildren(...avatars.map((avatar) => {
    const state = isReady(avatar) ? '' : avatar.error ? ' (unusable)' : ' (loading)';
    const option = new Option((avatar.name || avatar.id) + state, avatar.id);
    option.disabled = !isReady(avatar);
    return option;
  }));
  $('avatar').value = (usable.find(({ id }) => id === chosen) ?? usable[0] ?? avatars[0]).id;
  const isLoading = avatars.some((avatar) => !isReady(avatar) && !avatar.error);
  if (isLoading) setTimeout(() => loadAvatars().catch(showError), 2000);
  else if (usable.length === 0) throw new Error(`The avatar ${avatars[0].id} cannot be used: ${avatars[0].error}.`);
  if (usable.length === 0) return say('The server is getting its avatars ready.');
  if ($('status').textContent.startsWith('The server is getting')) say('');
  if ($('avatar').value !== chosen || !$('poster').src) showPoster();
}

/** Avatars that were loaded and warmed up; servers that don't say have only such. */
function isReady({ ready }) {
  return ready !== false;
}

async function loadSamples() {
  const { samples } = await getJson('/v1/samples');
  $('no-samples').hidden = samples.length > 0;
  $('samples').replaceChildren(...samples.map((sample) => {
    const item = document.createElement('li');
    const button = document.createElement('button');
    button.type = 'button';
    button.innerHTML = '<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M4 2.500v11l9-5.500z"/></svg><span></span><span class="length"></span>';
    button.children[1].textContent = titleOf(sample);
    if (sample.seconds) button.children[2].textContent = `${sample.seconds.toFixed(1)} s`;
    button.onclick = () => act(() => saySample(sample, button));
    item.append(button);
    return item;
  }));
}

/** "good_morning" is called Good morning. */
function titleOf({ id }) {
  const words = id.replaceAll(/[_-]+/g, ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function chosenMode() {
  return document.querySelector('input[name="mode"]:checked').value;
}

function showPoster() {
  const avatar = avatars.find((one) => one.id === $('avatar').value);
  if (!avatar) return;
  $('screen').style.aspectRatio = `${avatar.width} / ${avatar.height}`;
  $('poster').src = avatar.background_url;
  $('poster').hidden = false;
}

// --- what people do ---------------------------------------------------------------------------------------------------

/** Runs what a person asked for; if it fails, they read why. */
async function act(action) {
  showError(null);
  try {
    await action();
  } catch (error) {
    showError(error);
    if (!lips?.speaking) mark(null);
  }
}

/** The session for the chosen avatar and mode, opened when first needed. */
function session() {
  opening ??= openSession().catch((error) => {
    opening = null;
    setState('failed');
    throw error;
  });
  return opening;
}

async function openSession() {
  const made = new Lipstream({
    canvas: $('canvas'),
    avatar: $('avatar').value,
    mode: chosenMode(),
    apiKey: $('key').value || undefined,
  });
  document.dispatchEvent(new CustomEvent('lipstream', { detail: made }));  // for tests
  made.on('state', (state) => state !== 'closed' && setState(state));
  made.on('speaking', showSpeaking);
  made.on('frame', () => ($('poster').hidden = true));
  made.on('warning', ({ code, detail }) => say(WARNINGS[code] ?? detail));
  made.on('failure', (error) => {
    if (error.closeCode === IDLE) return closeSession();  // opens again with the next thing to say
    showError(error);
    if (made.session.state === 'closed') closeSession('failed');
  });
  made.on('session.draining', () => say('The server is about to restart.'));
  made.on('session.expiring', () => say('The session will end soon.'));
  await made.connect();
  await made.resumeSound();
  lips = made;
  globalThis.lipstream = made;  // for the console
  return made;
}

function closeSession(state = 'idle') {
  lips?.close();
  lips = null;
  opening = null;
  setState(state);
  showSpeaking(false);
  showMicrophone(false);
}

async function saySample(sample, button) {
  const turn = ++turns;
  say(`Saying “${titleOf(sample)}”.`);
  mark(button);
  const open = await session();
  const response = await fetch(sample.url);
  if (!response.ok) throw new Error(`The sample could not be loaded (status ${response.status}).`);
  const sound = await response.blob();
  if (turn === turns) await open.speak(sound);
}

async function sayFile(file) {
  const turn = ++turns;
  say(`Saying ${file.name}.`);
  mark(null);
  const open = await session();
  if (turn === turns) await open.speak(file);
}

async function toggleMicrophone() {
  if ($('microphone').getAttribute('aria-pressed') === 'true') {
    lips.stopMicrophone();
    showMicrophone(false);
    say('The microphone is off.');
    return;
  }
  turns += 1;
  mark(null);
  const open = await session();
  await open.startMicrophone({ monitor: $('monitor').checked });
  showMicrophone(true);
  say('Listening: talk, and the avatar says it half a second later.');
}

function stop() {
  turns += 1;
  if (!lips?.speaking) return;
  lips.stop();
  showMicrophone(false);
  say('Stopped.');
}

async function saveVideo() {
  saving = true;
  showSpeaking(false);
  try {
    const blob = await renderVideo();
    const link = document.createElement('a');
    link.href = URL.createObjectURL(blob);
    link.download = `${saidBy.options.avatar}-synthetic-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}.mp4`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    say(`Saved as ${link.download}.`);
  } finally {
    saving = false;
    $('save-text').textContent = 'Save video';
    showSpeaking(Boolean(lips?.speaking));
  }
}

/** Rendering takes a session of its own; a server that has none left gets ours. */
async function renderVideo() {
  const onProgress = (share) => ($('save-text').textContent = `Saving ${Math.round(share * 100)} %`);
  try {
    return await saidBy.saveVideo(onProgress);
  } catch (error) {
    if (error.status !== 503 || !lips) throw error;
    closeSession();
    return saidBy.saveVideo(onProgress);
  }
}

// --- what they are told -----------------------------------------------------------------------------------------------

function say(text) {
  $('status').textContent = text;
}

function showError(error) {
  const wantsKey = error?.status === 401;
  if (wantsKey) $('key').closest('details').open = true;
  $('error').hidden = !error;
  $('error').textContent = wantsKey ? 'This server wants an access key: enter it under “Access key”.' : (error?.message ?? '');
  if (error) say('');
}

function setState(state) {
  $('state').dataset.state = state;
  $('state-text').textContent = STATE_TEXTS[state];
}

function showSpeaking(speaking) {
  $('stop').disabled = !speaking;
  if (speaking) saidBy = lips;
  $('save').disabled = speaking || saving || !saidBy;
  $('hint').hidden = speaking || Boolean(saidBy);
  if (lips?.session.state === 'open') setState(speaking ? 'speaking' : 'open');
  if (!speaking) mark(null);
  if (!speaking && $('status').textContent.startsWith('Saying')) say('');
}

function showMicrophone(on) {
  $('microphone').setAttribute('aria-pressed', String(on));
  $('microphone-text').textContent = on ? 'Stop talking' : 'Talk';
}

function mark(button) {
  current?.removeAttribute('aria-current');
  current = button;
  current?.setAttribute('aria-current', 'true');
}

function showStats() {
  if (!lips) return;
  const stats = lips.statsNow();
  const show = (id, value, unit, digits = 0) =>
    ($(id).textContent = value === null ? '–' : `${value.toFixed(digits)}${unit}`);
  show('stat-latency', stats.serverMs, ' ms');
  show('stat-first', stats.firstFrameMs, ' ms');
  show('stat-fps', stats.fps, ' fps', 1);
  show('stat-dropped', stats.dropped, '');
  show('stat-offset', stats.avOffsetMs, ' ms');
}

// --- wiring -----------------------------------------------------------------------------------------------------------

$('microphone').onclick = () => act(toggleMicrophone);
$('file').onchange = () => {
  const [file] = $('file').files;
  $('file').value = '';
  if (file) act(() => sayFile(file));
};
$('stop').onclick = stop;
$('save').onclick = () => act(saveVideo);
$('avatar').onchange = () => {
  closeSession();
  saidBy = null;
  showSpeaking(false);
  showPoster();
};
for (const radio of document.querySelectorAll('input[name="mode"]')) {
  radio.onchange = () => {
    closeSession();
    $('mode-note').textContent = MODE_NOTES[chosenMode()];
  };
}
document.addEventListener('keydown', ({ key }) => key === 'Escape' && stop());
document.addEventListener('dragover', (event) => {
  event.preventDefault();
  document.body.classList.add('dropping');
});
document.addEventListener('dragleave', (event) => {
  if (!event.relatedTarget) document.body.classList.remove('dropping');
});
document.addEventListener('drop', (event) => {
  event.preventDefault();
  document.body.classList.remove('dropping');
  const [file] = event.dataTransfer.files;
  if (file) act(() => sayFile(file));
});

if (typeof VideoDecoder === 'undefined') {
  document.querySelector('input[value="h264"]').disabled = true;
  MODE_NOTES.patch += ' H.264 needs a secure page (https, or localhost).';
}
$('mode-note').textContent = MODE_NOTES[chosenMode()];
setInterval(showStats, 250);
act(async () => {
  await loadAvatars();
  await loadSamples();
});
