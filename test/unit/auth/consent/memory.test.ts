// What was decided before answers the same request and a narrower one, and no other.
import { describe, expect, it } from 'vitest';
import { joined, remembered } from '../../../../src/auth/consent/memory.ts';

const words = (text: string) => text.split(' ').filter(Boolean);
const decision = (asked: string, given: string) => ({ asked: words(asked), given: words(given) });

describe('a decision', () => {
  it.each([
    ['the same', 'openid user/*.rs', 'openid user/*.rs', 'openid user/*.rs', 'openid user/*.rs'],
    ['less', 'openid user/*.rs', 'openid user/*.rs', 'openid user/Patient.rs', 'openid user/Patient.rs'],
    ['fewer letters', 'user/Patient.cruds', 'user/Patient.cruds', 'user/Patient.rs', 'user/Patient.rs'],
    ['what was refused then', 'user/*.rs offline_access', 'user/*.rs', 'user/*.rs offline_access', 'user/*.rs'],
    [
      'what was given in part',
      'user/*.rs',
      'user/Patient.rs user/List.rs',
      'user/*.rs',
      'user/Patient.rs user/List.rs',
    ],
    ['another part of it', 'user/*.rs', 'user/Patient.rs', 'user/List.rs', ''],
    ['its words of version 1', 'user/Patient.rs', 'user/Patient.rs', 'user/Patient.read', 'user/Patient.read'],
  ])('answers %s', (_what, asked, given, now, expected) => {
    expect(remembered(words(now), decision(asked, given))).toEqual(words(expected));
  });

  it.each([
    ['more types', 'user/Patient.rs', 'user/*.rs'],
    ['more letters', 'user/Patient.rs', 'user/Patient.cruds'],
    ['another level', 'user/Patient.rs', 'patient/Patient.rs'],
    ['offline access besides', 'user/Patient.rs', 'user/Patient.rs offline_access'],
    ['more than a category', 'user/Condition.rs?category=a', 'user/Condition.rs'],
  ])('does not answer %s', (_what, asked, now) => {
    expect(remembered(words(now), decision(asked, asked))).toBeUndefined();
  });

  it('is not there before there was one', () => expect(remembered(['openid'], undefined)).toBeUndefined());

  it('keeps what another one was not about', () => {
    const both = joined(
      decision('openid user/List.rs', 'openid user/List.rs'),
      decision('openid user/Patient.rs', 'openid'),
    );
    expect(remembered(words('openid user/List.rs user/Patient.rs'), both)).toEqual(words('openid user/List.rs'));
  });

  it('gives way to a later one about the same', () => {
    const both = joined(decision('user/Patient.rs', 'user/Patient.rs'), decision('user/*.rs', 'user/List.rs'));
    expect(remembered(['user/Patient.rs'], both)).toEqual([]);
  });
});
