/** Every word that the page says, in its languages. `{name}` is filled in. */

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
  "ready.poor": "It holds little for this size.",
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
  "look.detail": "Detail",
  "look.detail.about": "Adds texture. Some of it is guessed.",
  "look.own": "Your own",
  "look.own.about": "{name}",

  "more.quick": "<b>Quick</b> a smaller network",
  "more.clean": "<b>Clean</b> compression and noise",
  "more.whole": "<b>Whole picture</b> nothing is cut off",
  "more.detailed": "<b>Most detailed part</b> where it is cut",
  "more.own": "Your own network, .safetensors or .pth",

  "working.title": "Upscaling to {width} × {height}",
  "working.line": "{name}, {look}",
  "working.bar": "Upscaling",
  "working.begins": "Getting ready",
  "working.left": "About {time} left",
  "working.retry": "The GPU was lost and is back",
  "working.said": "{percent} percent done",

  "time.seconds": "{n} s",
  "time.minutes": "{n} min",

  "done.title": "{width} × {height}",
  "done.line": "From {width} × {height}. {look}, made in {time} on this machine.",
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
  "done.failed": "{format} cannot hold this result.",

  "format.png": "<b>PNG</b> loses nothing",
  "format.jpeg": "<b>JPEG</b> opens everywhere",
  "format.webp": "<b>WebP</b> smaller, for the web",
  "format.avif": "<b>AVIF</b> smallest, slow to write",
  "format.jxl": "<b>JPEG XL</b> for archives",
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
  "batch.larger": "It is larger than that already.",
  "batch.unknown": "It is no picture.",
  "batch.none": "No picture",
  "batch.download": "Download {name}",
  "batch.zip": "Download {count} as ZIP",
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

const GERMAN: Readonly<Record<TextName, string>> = {
  "private": "Nichts verlässt diesen Rechner",
  "cancel": "Abbrechen",
  "drop": "Irgendwo loslassen",

  "empty.title": "Kleines Foto rein,\nscharfes 4K raus.",
  "empty.lead":
    "Ein Bild irgendwo auf diese Seite ziehen oder einfügen: Es kommt scharf und so groß wie der Bildschirm zurück.",
  "empty.choose": "Bilder auswählen",
  "empty.gpu": "Die Arbeit macht die eigene Grafikkarte. Kein Bild wird verschickt.",
  "empty.gpu.named": "Die Arbeit macht die eigene Grafikkarte ({name}). Kein Bild wird verschickt.",
  "empty.gpu.software":
    "Dieser Browser gibt keine Grafikkarte frei; der Prozessor rechnet, und das dauert. Kein Bild wird verschickt.",
  "empty.sample": "Dieses ausprobieren",
  "empty.scale": "{width} × {height}, maßstäblich",
  "empty.size": "{width} × {height}",
  "empty.screen": "Dieser Bildschirm, {width} × {height}",
  "empty.local": "Freie Software. Was sie braucht, kommt mit dieser Seite.",
  "empty.offline": "Läuft ab jetzt auch ohne Netz.",
  "empty.own": "{name} ist geladen, ein {architecture} für {scale}×. Jetzt ein Bild.",
  "empty.language": "Sprache",

  "ready.title": "{width} × {height}, {kind}",
  "ready.title.quality": "{width} × {height}, {kind} mit Qualität {quality}",
  "ready.title.several": "{count} Bilder",
  "ready.first": "Das erste ist {name}.",
  "ready.marks": "Die Spuren der Kompression werden entfernt.",
  "ready.noise": "Das Rauschen wird entfernt.",
  "ready.kept": "Kompressionsspuren und Rauschen bleiben.",
  "ready.sound": "Es ist sauber.",
  "ready.reading": "{name} wird gelesen",
  "ready.part": "Wählen, welchen Teil die Vorschau zeigt",
  "ready.more": "Mehr",
  "ready.other": "Anderes Bild",
  "ready.legend": "Wie es aussehen soll. Derselbe Teil des Bildes bei 100 %",
  "ready.size": "Größe des Ergebnisses",
  "ready.width": "Breite",
  "ready.height": "Höhe",
  "ready.go": "Vergrößern",
  "ready.go.time": "Vergrößern, {time}",
  "ready.go.several": "{count} Bilder vergrößern",
  "ready.wholly": "Das ganze Bild, nichts fällt weg",
  "ready.cut": "Die Mitte, {width} × {height}",
  "ready.cut.detailed": "Der detailreichste Teil, {width} × {height}",
  "ready.result": "Das ganze Bild, mit {width} × {height}",
  "ready.excellent": "In dieser Größe sollte es ausgezeichnet aussehen.",
  "ready.good": "In dieser Größe sollte es gut aussehen.",
  "ready.variable": "In dieser Größe sind feine Einzelheiten Glückssache.",
  "ready.poor": "Für diese Größe gibt es wenig her.",
  "ready.larger": "Es ist schon größer. Eine größere Größe wählen.",
  "ready.badsize": "Breite und Höhe in Pixeln angeben.",

  "size.screen": "Bildschirm",
  "size.4k": "4K",
  "size.x2": "2×",
  "size.x4": "4×",
  "size.phone": "Handy",
  "size.custom": "Eigene",
  "size.any": "Beliebig",

  "look.none": "Wie es ist",
  "look.none.about": "Vom Browser vergrößert, zum Vergleich.",
  "look.faithful": "Treu",
  "look.faithful.about": "Scharf, und nichts ist erfunden.",
  "look.photo": "Foto",
  "look.photo.about": "Scharf und ruhig, an Fotos gelernt.",
  "look.detail": "Detail",
  "look.detail.about": "Mehr Struktur. Manches davon ist geraten.",
  "look.own": "Eigenes",
  "look.own.about": "{name}",

  "more.quick": "<b>Schnell</b> ein kleineres Netz",
  "more.clean": "<b>Säubern</b> Kompression und Rauschen",
  "more.whole": "<b>Ganzes Bild</b> nichts fällt weg",
  "more.detailed": "<b>Detailreichster Teil</b> beim Zuschnitt",
  "more.own": "Eigenes Netz, .safetensors oder .pth",

  "working.title": "Wird auf {width} × {height} vergrößert",
  "working.line": "{name}, {look}",
  "working.bar": "Vergrößern",
  "working.begins": "Wird vorbereitet",
  "working.left": "Noch etwa {time}",
  "working.retry": "Die Grafikkarte war weg und ist wieder da",
  "working.said": "{percent} Prozent fertig",

  "time.seconds": "{n} s",
  "time.minutes": "{n} min",

  "done.title": "{width} × {height}",
  "done.line": "Aus {width} × {height}. {look}, in {time} auf diesem Rechner gemacht.",
  "done.zoom": "Zoom",
  "done.fit": "Ganz",
  "done.lens": "Lupe",
  "done.before": "Vorher",
  "done.after": "Nachher",
  "done.slider": "Vorher und nachher",
  "done.again": "Ändern",
  "done.next": "Nächstes Bild",
  "done.download": "Herunterladen",
  "done.format": "Format wählen",
  "done.writing": "{format}, wird geschrieben",
  "done.written": "{format}, {size}",
  "done.rows": "PNG, {size}. Ein so großes Ergebnis wird als PNG geschrieben.",
  "done.opaque": "JPEG kann nichts Durchsichtiges enthalten, darum ist dies ein PNG.",
  "done.said": "Fertig",
  "done.failed": "{format} kann dieses Ergebnis nicht aufnehmen.",

  "format.png": "<b>PNG</b> verliert nichts",
  "format.jpeg": "<b>JPEG</b> lässt sich überall öffnen",
  "format.webp": "<b>WebP</b> kleiner, fürs Web",
  "format.avif": "<b>AVIF</b> am kleinsten, dauert länger",
  "format.jxl": "<b>JPEG XL</b> fürs Archiv",
  "unit.bytes": "{n} Byte",
  "unit.kb": "{n} KB",
  "unit.mb": "{n} MB",

  "batch.title": "{count} Bilder auf {size}",
  "batch.line": "{done} fertig, {waiting} offen, {out} ausgelassen",
  "batch.add": "Bilder hinzufügen",
  "batch.done": "Fertig, {size}",
  "batch.progress": "{percent} %",
  "batch.waiting": "Wartet",
  "batch.reading": "Wird gelesen",
  "batch.stopped": "Abgebrochen",
  "batch.out": "Ausgelassen. {reason}",
  "batch.larger": "Es ist schon größer.",
  "batch.unknown": "Es ist kein Bild.",
  "batch.none": "Kein Bild",
  "batch.download": "{name} herunterladen",
  "batch.zip": "{count} als ZIP herunterladen",
  "batch.again": "Von vorn",

  "problem.what": "Was hilft",
  "problem.copy": "Einzelheiten kopieren",
  "problem.copied": "Kopiert",
  "problem.details": "Die Einzelheiten nennen diesen Browser und seine Grafik, sonst nichts.",
  "problem.again": "Noch einmal",
  "problem.back": "Zurück",
  "problem.other": "<b>Ein anderes Bild nehmen.</b>",

  "problem.gpu.title": "Dieser Browser lässt Tessera nicht an die Grafikkarte.",
  "problem.gpu.lead":
    "Tessera braucht WebGPU, und das fehlt hier oder ist abgeschaltet. An den Bildern liegt es nicht.",
  "problem.gpu.1":
    "<b>Diese Seite in einem anderen Browser öffnen.</b> Chrome oder Edge 140, Safari 26, Firefox 141 unter Windows, oder neuer.",
  "problem.gpu.2":
    "<b>Grafikbeschleunigung einschalten.</b> In Chrome und Edge: Einstellungen, System. Dann den Browser neu starten.",
  "problem.gpu.3":
    "<b>Stattdessen das Programm nehmen.</b> Es macht dasselbe ohne Browser. <code>./tessera foto.jpg --to 4k</code>",

  "problem.picture.title": "Diese Datei lässt sich nicht verwenden.",
  "problem.picture.lead": "{name}: {message}",
  "problem.picture.1":
    "<b>In einem anderen Programm neu speichern</b>, als JPEG oder PNG, und diese Datei nehmen.",

  "problem.weights.title": "Diese Gewichte lassen sich nicht verwenden.",
  "problem.weights.lead": "{name}: {message}",
  "problem.weights.1":
    "<b>Die Datei eines Netzes nach Art von ESRGAN wählen</b>, .safetensors oder .pth, wie es sie im Netz gibt.",
  "problem.weights.2": "<b>Ohne sie weitermachen.</b> Die Netze von Tessera sind noch da.",

  "problem.memory.title": "Die Grafikkarte hat zu wenig Speicher.",
  "problem.memory.lead": "{message}",
  "problem.memory.1": "<b>Andere Seiten und Spiele schließen</b> und es noch einmal versuchen.",
  "problem.memory.2": "<b>Eine kleinere Größe wählen</b>, oder Schnell unter Mehr.",

  "problem.lost.title": "Die Grafikkarte ist ausgefallen und kam nicht wieder.",
  "problem.lost.lead":
    "Sie wurde dreimal neu gestartet. Das Bild ist unversehrt und noch da. {message}",
  "problem.lost.1":
    "<b>Noch einmal versuchen.</b> Ein Treiber, der aktualisiert oder geweckt wurde, braucht einen Moment.",
  "problem.lost.2": "<b>Den Browser neu starten</b> und das Bild wieder öffnen.",

  "problem.other.title": "Das hat nicht geklappt.",
  "problem.other.lead": "{message}",
  "problem.other.1":
    "<b>Noch einmal versuchen.</b> Bleibt es dabei: die Einzelheiten für jemanden kopieren, der helfen kann.",
};

/** The languages by their tags, and what they call themselves. */
export const LANGUAGES = { en: "English", de: "Deutsch" } as const;

/** The tag of a language. */
export type Language = keyof typeof LANGUAGES;

const TEXTS: Readonly<Record<Language, Readonly<Record<TextName, string>>>> = {
  en: ENGLISH,
  de: GERMAN,
};

let language: Language = "en";

/** Sets the language of all that is said from now on. */
export function speak(tag: Language): void {
  language = tag;
}

/** The language that is spoken. */
export function spoken(): Language {
  return language;
}

/** Returns a text with its places filled in. */
export function text(name: TextName, values: Record<string, string | number> = {}): string {
  return TEXTS[language][name].replace(/\{(\w+)\}/g, (_, key) => String(values[key] ?? ""));
}
