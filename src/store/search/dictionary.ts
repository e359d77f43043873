/**
 * Texts that many search rows share: what codes and references are called, of which type identifiers are, in which units
 * quantities are. Written once each (table dictionary, migration search_rows), so that a search by text costs a write nothing.
 */
import { key32, key64, paramKey, resourceKey, systemKey, valueKey } from '../keys.ts';
import { fold } from './fold.ts';
import type { IndexRow } from './index-row.ts';
import { storedString } from './stored-text.ts';

export interface Word {
  readonly p: number;
  readonly kind: 'n' | 't' | 'c' | 'u';
  readonly code: bigint;
  readonly label: number;
  readonly sys: number;
  readonly name: string;
  readonly val: string;
}

/** Rows whose words are known to be in the dictionary already, by `wordsKey`. */
export interface KnownWords {
  has(key: string): boolean;
  add(keys: Iterable<string>): void;
}

const MOST_REMEMBERED = 50_000;

export function openKnownWords(): KnownWords {
  const known = new Set<string>();
  return {
    has: (word) => known.has(word),
    add(keys) {
      if (known.size > MOST_REMEMBERED) known.clear();
      for (const key of keys) known.add(key);
    },
  };
}

/** Tells two words apart. */
export function wordKey({ p, kind, code, label, sys, name }: Word): string {
  return `${p} ${kind} ${code} ${label} ${sys} ${kind === 'n' ? name : ''}`;
}

/** The same for rows with the same words, made without hashing: nearly every row's words are known. undefined: it has none. */
export function wordsKey(row: IndexRow): string | undefined {
  switch (row.kind) {
    case 'token': {
      const { param, system = '', code, names, types, coded } = row;
      if (!coded && !names && !types) return undefined;
      const shared = coded ? `${system}\n${code}` : '';
      const typed = types ? JSON.stringify(types) : '';
      return `${param}\n${shared}\n${names?.join('\n') ?? ''}\n${typed}`;
    }
    case 'reference':
      return row.name === undefined
        ? undefined
        : `${row.param}\n${row.target?.type}/${row.target?.id} ${row.url}\n${row.name}`;
    case 'quantity':
      return row.system === undefined || row.code === undefined
        ? undefined
        : `${row.param}\n${row.system}\n${row.code}`;
    case 'composite':
      return row.parts
        .map((part) => (part.kind === 'quantity' ? `${row.param}\n${part.system}\n${part.code}` : ''))
        .join('');
    default:
      return undefined;
  }
}

type TokenRow = Extract<IndexRow, { kind: 'token' }>;
type ReferenceRow = Extract<IndexRow, { kind: 'reference' }>;

/** A token's number for its names and types; 0 for none. */
export function labelOf({ names = [], types = [] }: TokenRow): number {
  if (names.length === 0 && types.length === 0) return 0;
  return key32(JSON.stringify([names, types.map(({ system, code }) => [system, code])])) || 1;
}

/** `code` of a token's row: a concept that is only a text has one of its own. */
export function tokenKey({ code, names = [] }: Pick<TokenRow, 'code' | 'names'>): bigint {
  return code === '' ? key64(`text ${JSON.stringify(names)}`) : valueKey(code);
}

/** `target` of a reference's row: one that is only a display has one of its own. */
export function targetKey({ target, url = '', name = '' }: Omit<ReferenceRow, 'param' | 'kind'>): bigint {
  if (target) return resourceKey(target.type, target.id);
  return url === '' ? key64(`text ${name}`) : valueKey(url);
}

export function referenceLabel({ name }: Pick<ReferenceRow, 'name'>): number {
  return name === undefined ? 0 : key32(name) || 1;
}

const folded = (text: string) => storedString(fold(text));

function* tokenWords(row: TokenRow, p: number): Generator<Word> {
  const label = labelOf(row);
  const code = row.coded ? tokenKey(row) : 0n;
  for (const name of row.names ?? []) yield { p, kind: 'n', code, label, sys: 0, name: folded(name), val: '' };
  for (const type of row.types ?? []) {
    yield { p, kind: 't', code: valueKey(type.code), label, sys: systemKey(type.system), name: '', val: '' };
  }
  if (!row.coded || row.code === '') return;
  yield {
    p,
    kind: 'c',
    code,
    label: 0,
    sys: systemKey(row.system),
    name: folded(row.code),
    val: storedString(row.code),
  };
}

function unitWord(p: number, { system, code }: { readonly system?: string; readonly code?: string }): Word[] {
  if (system === undefined || code === undefined) return [];
  return [{ p, kind: 'u', code: key64(code), label: 0, sys: systemKey(system), name: '', val: storedString(code) }];
}

/** The words that a row refers to. */
export function wordsOf(row: IndexRow): Iterable<Word> {
  const p = paramKey(row.param);
  switch (row.kind) {
    case 'token':
      return tokenWords(row, p);
    case 'reference': {
      if (row.name === undefined) return [];
      const name = folded(row.name);
      return [{ p, kind: 'n', code: targetKey(row), label: referenceLabel(row), sys: 0, name, val: '' }];
    }
    case 'quantity':
      return unitWord(p, row);
    case 'composite':
      return row.parts.flatMap((part) => (part.kind === 'quantity' ? unitWord(p, part) : []));
    default:
      return [];
  }
}
