/** What a person chose last, kept by the browser for this page. */

import { FORMATS, type OfferedFormat } from "./formats.ts";
import { LOOKS } from "./protocol.ts";
import { type SizeName, SIZES } from "./sizes.ts";
import { type Language, LANGUAGES } from "./strings.ts";

/** All that is remembered. */
export interface Settings {
  language: Language;
  look: typeof LOOKS[number];
  size: SizeName;
  custom: { width: number; height: number };
  /** Undefined: as the device is, quick on a software adapter. */
  quick: boolean | undefined;
  clean: boolean;
  whole: boolean;
  detailed: boolean;
  /** Whether animations are taken whole. */
  moving: boolean;
  format: OfferedFormat;
  /** Of animations. */
  movingFormat: OfferedFormat;
  lens: boolean;
}

const KEY = "tessera";

const DEFAULTS: Settings = {
  language: languageOfBrowser(),
  look: "faithful",
  size: "screen",
  custom: { width: 5120, height: 2880 },
  quick: undefined,
  clean: true,
  whole: false,
  detailed: false,
  moving: true,
  format: "jpeg",
  movingFormat: "webp",
  lens: true,
};

function languageOfBrowser(): Language {
  const tags = navigator.languages.map((tag) => tag.slice(0, 2));
  return tags.find((tag): tag is Language => Object.hasOwn(LANGUAGES, tag)) ?? "en";
}

/** Returns what was chosen; what cannot be read or is of no use counts as not chosen. */
export function loadSettings(): Settings {
  let kept: Partial<Settings> = {};
  try {
    kept = JSON.parse(localStorage.getItem(KEY) ?? "{}");
  } catch {
    // Storage that is switched off, or was written by something else.
  }
  const settings = { ...DEFAULTS, ...kept };
  if (!Object.hasOwn(LANGUAGES, settings.language)) settings.language = DEFAULTS.language;
  if (!LOOKS.includes(settings.look)) settings.look = DEFAULTS.look;
  if (!SIZES.includes(settings.size)) settings.size = DEFAULTS.size;
  for (const name of ["format", "movingFormat"] as const) {
    if (!Object.hasOwn(FORMATS, settings[name])) settings[name] = DEFAULTS[name];
  }
  if (!(settings.custom?.width > 0 && settings.custom?.height > 0)) {
    settings.custom = DEFAULTS.custom;
  }
  return settings;
}

/** Keeps what was chosen, where that is possible. */
export function saveSettings(settings: Settings): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // Storage that is switched off: the choice holds for this visit.
  }
}
