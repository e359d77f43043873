/** What a browser says of itself, in words that a person knows. It proves nothing: anybody can send any header. */

export interface Device {
  /** `Firefox`, `Chrome` ...; empty when it is none that we know. */
  readonly browser: string;
  /** `Windows`, `iPhone` ...; empty when it is none that we know. */
  readonly system: string;
}

/** In this order, because most name those after them, too. */
const browsers = [
  [/\bEdg(?:e|A|iOS)?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:HeadlessChrome|Chrome|CriOS)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
  [/\bcurl\//, 'curl'],
] as const;

const systems = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
] as const;

export function deviceOf(userAgent: string): Device {
  const firstOf = (names: readonly (readonly [RegExp, string])[]) =>
    names.find(([pattern]) => pattern.test(userAgent))?.[1] ?? '';
  return { browser: firstOf(browsers), system: firstOf(systems) };
}

/** As much of the header as is kept. */
export const userAgentOf = (header: string | undefined) => (header ?? '').slice(0, 300);
