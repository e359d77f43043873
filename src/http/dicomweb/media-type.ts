/**
 * A Content-Type taken apart.
 * https://www.rfc-editor.org/rfc/rfc9110#name-media-type
 */

export interface MediaType {
  /** In lower case, `multipart/related`. */
  readonly type: string;
  /** Names in lower case, values as they are, without quotes. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** Values that should be quoted but are not (boundaries with `=` or `/`) are taken up to the semicolon. */
const parameter = /;\s*([^=;\s]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*))/g;

export function parseMediaType(header: string): MediaType {
  const [type = ''] = header.split(';', 1);
  const parameters = new Map<string, string>();
  for (const [, name = '', quoted, plain = ''] of header.matchAll(parameter)) {
    parameters.set(name.toLowerCase(), quoted === undefined ? plain.trim() : quoted.replace(/\\(.)/g, '$1'));
  }
  return { type: type.trim().toLowerCase(), parameters };
}
