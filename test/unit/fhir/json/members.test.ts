import { describe, expect, it } from 'vitest';
import { memberStart, members, objectsOf } from '../../../../src/fhir/json/members.ts';
import { replaceStrings } from '../../../../src/fhir/json/replace.ts';

describe('members', () => {
  it('gives the place of each name and value', () => {
    const text = ' { "a" : [1, {"b":"]"}] , "c\\u0064":"x\\"}" , "e":1.10,"f":null}';
    const found = members(text, text.indexOf('{')).map(({ name, nameStart, start, end }) => [
      name,
      text.slice(nameStart, nameStart + 2),
      text.slice(start, end),
    ]);
    expect(found).toEqual([
      ['a', '"a', '[1, {"b":"]"}]'],
      ['cd', '"c', '"x\\"}"'],
      ['e', '"e', '1.10'],
      ['f', '"f', 'null'],
    ]);
  });

  it('gives those of each object in an array', () => {
    const text = '[ {"a":[],"b":{"c":"}"}} , "," , 2 ,{ } ,[ {} ], {"d":null} ]';
    expect(objectsOf(text, 0).map((all) => all.map(({ name, start, end }) => [name, text.slice(start, end)]))).toEqual([
      [
        ['a', '[]'],
        ['b', '{"c":"}"}'],
      ],
      [],
      [],
      [],
      [],
      [['d', 'null']],
    ]);
    expect(objectsOf('[]', 0)).toEqual([]);
  });

  it('finds one by its name', () => {
    const text = '{"a":{"b":1},"b":"\\"]","c":[1]}';
    expect(text.slice(memberStart(text, 0, 'c'))).toBe('[1]}');
    expect(memberStart(text, 0, 'd')).toBeUndefined();
    expect(memberStart('{}', 0, 'd')).toBeUndefined();
  });
});

describe('replaceStrings', () => {
  it('changes values, never names, and keeps all other bytes', () => {
    const text = '{"a": "x","x":[ "x", 1.10 , {"b":"\\u0078"}],"y":"xx"}';
    expect(replaceStrings(text, (value) => (value === 'x' ? 'é"' : undefined))).toBe(
      '{"a": "é\\"","x":[ "é\\"", 1.10 , {"b":"é\\""}],"y":"xx"}',
    );
  });

  it('tells the name that a value belongs to', () => {
    const seen: string[] = [];
    replaceStrings('{"a":"1","b":["2","3"],"c":{"d":"4"}}', (value, name) => {
      seen.push(name + value);
      return undefined;
    });
    expect(seen).toEqual(['a1', 'b2', 'b3', 'd4']);
  });

  it('gives the very same text when nothing changes', () => {
    const text = '{"a":"\\/"}';
    expect(replaceStrings(text, (value) => value)).toBe(text);
  });
});
