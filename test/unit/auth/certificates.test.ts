// Whether a certificate is of the subject that a client registered: RFC 8705, 2.1.2; names as RFC 4514 writes them.
import { describe, expect, it } from 'vitest';
import { certificateMatches, certificateThumbprint } from '../../../src/auth/certificates.ts';
import { selfSigned } from '../../support/certificates.ts';

const { cert } = await selfSigned('C=FR, O=Hopital\\, Paris, CN=ehr', ['ehr.example', '*.lab.example']);
const is = (member: string, expected: string) => certificateMatches(cert, `tls_client_auth_${member}`, expected);

describe('a certificate', () => {
  it('is of its subject, in either order, with what is escaped', () => {
    expect(is('subject_dn', 'C=FR, O=Hopital\\, Paris, CN=ehr')).toBe(true);
    expect(is('subject_dn', 'CN=ehr,O=Hopital\\2C Paris,C=FR')).toBe(true);
  });

  it('is of a subject with accents, as they are or escaped', async () => {
    const accents = await selfSigned('CN=Hôpital');
    for (const name of ['CN=Hôpital', 'CN=H\\C3\\B4pital']) {
      expect(certificateMatches(accents.cert, 'tls_client_auth_subject_dn', name)).toBe(true);
    }
  });

  it.each(['CN=ehr', 'CN=ehr,C=FR,O=Hopital\\, Paris', 'CN=EHR,O=Hopital\\, Paris,C=FR', 'CN=ehr,O=Hopital,C=FR', ''])(
    'is not of %s',
    (subject) => expect(is('subject_dn', subject)).toBe(false),
  );

  it('is of its DNS names as they are written, without wildcards', () => {
    expect(is('san_dns', 'ehr.example')).toBe(true);
    expect(is('san_dns', 'other.example')).toBe(false);
    expect(is('san_dns', 'a.lab.example')).toBe(false);
    expect(is('san_dns', 'ehr')).toBe(false);
  });

  it('is of no address, mail or URI that it does not have, and of nothing by an unknown member', () => {
    expect(is('san_ip', '127.0.0.1')).toBe(false);
    expect(is('san_email', 'a@ehr.example')).toBe(false);
    expect(is('san_uri', 'urn:ehr')).toBe(false);
    expect(is('magic', 'ehr.example')).toBe(false);
  });

  it('has a thumbprint of 43 letters', () => expect(certificateThumbprint(cert)).toMatch(/^[\w-]{43}$/));
});
