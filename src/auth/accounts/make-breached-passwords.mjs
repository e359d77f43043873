/**
 * Makes breached-passwords.bin of lists of the most common passwords (a JSON array or a word a line):
 * node src/auth/accounts/make-breached-passwords.mjs LIST...
 *
 * The one that is committed was made of two lists: `passwords.json` of the npm package @zxcvbn-ts/language-common 4.1.3
 * (MIT licence, Dan Wheeler, Dropbox and the zxcvbn-ts authors) and `common-passwords.txt` of Django 5.2 (BSD-3-Clause,
 * gathered by Royce Williams of public breaches), and of the French ones below. The filter does not give the words back.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

const hashes = 8;
/** One good password in 20,000 is refused by accident at 20 bits a word and 8 hashes. */
const bitsPerWord = 20;

/** Of keyboards, languages and places that the lists have seldom. */
const french =
  `azertyuiop azertyuiopq qsdfghjklm wxcvbn azerty azertyui motdepasse mot2passe motdepass bonjour bonsoir doudou
  loulou chouchou soleil marseille jetaime jetaime123 administrateur hopital medecin docteur infirmiere infirmier clinique
  laboratoire radiologie tuberculose livedoc patient patients secretariat urgences bienvenue changezmoi changemoi chocolat
  princesse nicolas camille sandrine isabelle chevalier coucou bonjour123 vacances printemps automne janvier fevrier avril
  juillet septembre octobre novembre decembre lundi mardi mercredi jeudi vendredi samedi dimanche`.split(/\s+/);

const words = (text) => (text.trimStart().startsWith('[') ? JSON.parse(text) : text.split(/\r?\n/));
const lists = process.argv.slice(2).map((file) => words(readFileSync(file, 'utf8')));
const all = new Set([french, ...lists].flat().map((word) => word.normalize('NFKC').toLowerCase().trim()));
all.delete('');

const bits = Math.ceil((all.size * bitsPerWord) / 8) * 8;
const filter = Buffer.alloc(bits / 8);
for (const word of all) {
  const digest = createHash('sha256').update(word).digest();
  for (let at = 0; at < hashes; at += 1) {
    const bit = digest.readUInt32LE(at * 4) % bits;
    filter[bit >> 3] |= 1 << (bit & 7);
  }
}
const target = new URL('breached-passwords.bin', import.meta.url);
writeFileSync(target, filter);
