/** Every word that the page says, and the way to other languages. `{name}` is filled in. */

/** English: the list of what there is to say. */
const ENGLISH = {
  "private": "Nothing leaves this machine",
  "cancel": "Cancel",
  "drop": "Drop it anywhere",

  "empty.title": "Small photo in,\ncrisp 4K out.",
  "empty.lead":
    "Drop a picture anywhere on this page, or paste it, and get it back sharp at the size of your screen.",
  "empty.choose": "Choose pictures",
  "empty.gpu": "All the work is done by your own GPU. No picture is sent anywhere.",
  "empty.gpu.named": "All the work is done by your own GPU ({name}). No picture is sent anywhere.",
  "empty.gpu.software":
    "This browser lends no GPU, so the processor does the work: it is slow. No picture is sent anywhere.",
  "empty.sample": "Try this one",
  "empty.scale": "{width} × {height}, to scale",
  "empty.size": "{width} × {height}",
  "empty.screen": "This screen, {width} × {height}",
  "empty.local": "Free software. What it needs comes with this page.",
  "empty.offline": "Works without a network from now on.",
  "empty.own": "{name} is loaded, an {architecture} for {scale}×. Now a picture.",
  "empty.language": "Language",

  "ready.title": "{width} × {height}, {kind}",
  "ready.title.quality": "{width} × {height}, {kind} quality {quality}",
  "ready.title.several": "{count} pictures",
  "ready.first": "The first is {name}.",
  "ready.marks": "Its compression marks will be cleaned away.",
  "ready.noise": "Its noise will be cleaned away.",
  "ready.kept": "Its compression marks and noise stay.",
  "ready.sound": "Nothing in it needs cleaning.",
  "ready.frames": "It moves: all of its {frames} frames are taken.",
  "ready.frames.first": "It moves: only the first of its {frames} frames is taken.",
  "ready.frames.large":
    "It moves: its {frames} frames are too much for a page at this size, and the first is taken.",
  "ready.portrait": "A face fills it: Portrait is made for that.",
  "ready.reading": "Reading {name}",
  "ready.part": "Choose which part the previews show",
  "ready.more": "More",
  "ready.other": "Other picture",
  "ready.legend": "How it should look. The same part of the picture, at 100 %",
  "ready.size": "Size of the result",
  "ready.width": "Width",
  "ready.height": "Height",
  "ready.go": "Upscale",
  "ready.go.time": "Upscale, {time}",
  "ready.go.several": "Upscale {count} pictures",
  "ready.wholly": "The whole picture, nothing cut off",
  "ready.cut": "The middle, {width} × {height}",
  "ready.cut.detailed": "The most detailed part, {width} × {height}",
  "ready.result": "The whole picture, as {width} × {height}",
  "ready.excellent": "It should look excellent at this size.",
  "ready.good": "It should look good at this size.",
  "ready.variable": "At this size, fine detail is a matter of luck.",
  "ready.poor": "It is too small to look good at this size.",
  "ready.larger": "It is larger than that already. Choose a larger size.",
  "ready.badsize": "Give a width and a height in pixels.",

  "size.screen": "This screen",
  "size.4k": "4K",
  "size.x2": "2×",
  "size.x4": "4×",
  "size.phone": "Phone",
  "size.custom": "Custom",
  "size.any": "Any size",

  "look.none": "As it is",
  "look.none.about": "Enlarged by the browser, to compare.",
  "look.faithful": "Faithful",
  "look.faithful.about": "Sharp, and invents nothing.",
  "look.photo": "Photo",
  "look.photo.about": "Sharp and calm, learnt from photos.",
  "look.portrait": "Portrait",
  "look.portrait.about": "Learnt from faces. Some of it is guessed.",
  "look.detail": "Detail",
  "look.detail.about": "Adds texture. Some of it is guessed.",
  "look.own": "Your own",
  "look.own.about": "{name}",

  "more.quick": "<b>Quick</b> a smaller network",
  "more.clean": "<b>Clean</b> compression and noise",
  "more.whole": "<b>Whole picture</b> nothing is cut off",
  "more.detailed": "<b>Most detailed part</b> where it is cut",
  "more.moving": "<b>Moving</b> all frames, not only the first",
  "more.own": "Your own network, .safetensors or .pth",

  "working.title": "Upscaling to {width} × {height}",
  "working.line": "{name}, {look}",
  "working.bar": "Upscaling",
  "working.begins": "Getting ready",
  "working.left": "About {time} left",
  "working.frame": "Frame {frame} of {frames}. {left}",
  "working.retry": "The GPU was lost and is back",
  "working.said": "{percent} percent done",

  "time.seconds": "{n} s",
  "time.minutes": "{n} min",

  "done.title": "{width} × {height}",
  "done.line": "From {width} × {height}. {look}, made in {time} on this machine.",
  "done.frames": "{frames} frames.",
  "done.plays": "Play",
  "done.zoom": "Zoom",
  "done.fit": "Fit",
  "done.lens": "Lens",
  "done.before": "Before",
  "done.after": "After",
  "done.slider": "Before and after",
  "done.again": "Change",
  "done.next": "Next picture",
  "done.download": "Download",
  "done.format": "Choose the format",
  "done.writing": "{format}, being written",
  "done.written": "{format}, {size}",
  "done.rows": "PNG, {size}. So large a result is written as PNG.",
  "done.opaque": "JPEG cannot hold what is transparent, so this is a PNG.",
  "done.said": "Done",
  "done.unsaved": "It could not be saved: {message}",
  "done.failed": "{format} could not be written.",

  "format.png": "<b>PNG</b> loses nothing",
  "format.jpeg": "<b>JPEG</b> opens everywhere",
  "format.webp": "<b>WebP</b> smaller, for the web",
  "format.avif": "<b>AVIF</b> smallest, slow to write",
  "format.jxl": "<b>JPEG XL</b> for archives",
  "format.gif": "<b>GIF</b> 256 colours, opens everywhere",
  "unit.bytes": "{n} bytes",
  "unit.kb": "{n} KB",
  "unit.mb": "{n} MB",

  "batch.title": "{count} pictures to {size}",
  "batch.line": "{done} done, {waiting} to go, {out} left out",
  "batch.add": "Add pictures",
  "batch.done": "Done, {size}",
  "batch.progress": "{percent} %",
  "batch.waiting": "Waiting",
  "batch.reading": "Reading",
  "batch.stopped": "Stopped",
  "batch.out": "Left out. {reason}",
  "batch.frame": "Only the first frame.",
  "batch.larger": "It is larger than that already.",
  "batch.unknown": "It is no picture.",
  "batch.none": "No picture",
  "batch.download": "Download {name}",
  "batch.zip": "Download {count} as ZIP",
  "batch.large": "More than 4 GB: download them one by one.",
  "batch.again": "Start over",

  "problem.what": "What you can do",
  "problem.copy": "Copy details",
  "problem.copied": "Copied",
  "problem.details": "The details name this browser and its graphics, nothing else.",
  "problem.again": "Try again",
  "problem.back": "Back",
  "problem.other": "<b>Take another picture.</b>",

  "problem.gpu.title": "This browser does not let Tessera use your GPU.",
  "problem.gpu.lead":
    "Tessera needs WebGPU, and here it is missing or turned off. Nothing is wrong with your pictures.",
  "problem.gpu.1":
    "<b>Open this page in another browser.</b> Chrome or Edge 140, Safari 26, or Firefox 141 on Windows, or anything newer.",
  "problem.gpu.2":
    "<b>Turn on graphics acceleration.</b> In Chrome and Edge: Settings, System. Then start the browser again.",
  "problem.gpu.3":
    "<b>Use the program instead.</b> It does the same without a browser. <code>./tessera photo.jpg --to 4k</code>",

  "problem.picture.title": "This file cannot be used.",
  "problem.picture.lead": "{name}: {message}",
  "problem.picture.unknown":
    "{name} is none of the pictures that Tessera reads: JPEG, PNG, WebP, AVIF, HEIC, JPEG XL, TIFF, GIF, BMP, SVG and cameras' raw files.",
  "problem.picture.1":
    "<b>Save it anew in another program</b>, as JPEG or PNG, and take it from there.",

  "problem.weights.title": "These weights cannot be used.",
  "problem.weights.lead": "{name}: {message}",
  "problem.weights.1":
    "<b>Choose a file of an ESRGAN-like network</b>, .safetensors or .pth, as the model sites have them.",
  "problem.weights.2":
    "<b>Go on without it.</b> The networks that come with Tessera are still there.",

  "problem.memory.title": "There is too little GPU memory.",
  "problem.memory.lead": "{message}",
  "problem.memory.1": "<b>Close other pages and games</b>, and try again.",
  "problem.memory.2": "<b>Choose a smaller size</b>, or Quick under More.",

  "problem.lost.title": "The GPU stopped, and did not come back.",
  "problem.lost.lead":
    "It was started again three times. The picture is unharmed, and still here. {message}",
  "problem.lost.1": "<b>Try again.</b> A driver that was updated or woken up needs a moment.",
  "problem.lost.2": "<b>Start the browser again</b>, then open the picture anew.",

  "problem.other.title": "This did not work.",
  "problem.other.lead": "{message}",
  "problem.other.1": "<b>Try again.</b> If it stays so, copy the details for whoever can help.",
} as const;

/** The name of something that is said. */
export type TextName = keyof typeof ENGLISH;

/** The languages by their tags, and what they call themselves. */
export const LANGUAGES = { en: "English", de: "Deutsch" } as const;

/** The tag of a language. */
export type Language = keyof typeof LANGUAGES;

/** What a language says. */
export type Texts = Readonly<Record<TextName, string>>;

/** The languages but English, which are loaded when they are spoken. */
const OTHERS: Readonly<Record<Exclude<Language, "en">, () => Promise<Texts>>> = {
  de: async () => (await import("./german.ts")).GERMAN,
};

let language: Language = "en";
let texts: Texts = ENGLISH;

/** Sets the language of all that is said from now on; English where another one cannot be loaded. */
export async function speak(tag: Language): Promise<void> {
  const loaded = tag === "en" ? ENGLISH : await OTHERS[tag]().catch(() => undefined);
  language = loaded === undefined ? "en" : tag;
  texts = loaded ?? ENGLISH;
}

/** The language that is spoken. */
export function spoken(): Language {
  return language;
}

/** Returns a text with its places filled in. */
export function text(name: TextName, values: Record<string, string | number> = {}): string {
  return texts[name].replace(/\{(\w+)\}/g, (_, key) => String(values[key] ?? ""));
}
