/** Certificates for tests of TLS: an authority, and what it or nobody has signed. */
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(crypto);

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const day = 24 * 60 * 60 * 1000;

export interface Certificate {
  /** PEM. */
  readonly cert: string;
  /** PEM, PKCS #8. */
  readonly key: string;
}

export interface Authority extends Certificate {
  /** A certificate that it signs; `san` are DNS names. */
  issue(subject: string, san?: readonly string[]): Promise<Certificate>;
}

async function keyPem(key: CryptoKey): Promise<string> {
  const bytes = Buffer.from(await crypto.subtle.exportKey('pkcs8', key)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${(bytes.match(/.{1,64}/g) ?? []).join('\n')}\n-----END PRIVATE KEY-----\n`;
}

const newKeys = () => crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
const times = () => ({ notBefore: new Date(Date.now() - day), notAfter: new Date(Date.now() + day) });
const names = (san: readonly string[]) =>
  san.length === 0
    ? []
    : [new x509.SubjectAlternativeNameExtension(san.map((value) => ({ type: 'dns' as const, value })))];

/** Signed by its own key, as `CN=client`. */
export async function selfSigned(subject: string, san: readonly string[] = []): Promise<Certificate> {
  const keys = await newKeys();
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    ...times(),
    name: subject,
    keys,
    signingAlgorithm: algorithm,
    extensions: names(san),
  });
  return { cert: made.toString('pem'), key: await keyPem(keys.privateKey) };
}

/** An authority of its own. */
export async function authority(subject = 'CN=authority'): Promise<Authority> {
  const keys = await newKeys();
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    ...times(),
    name: subject,
    keys,
    signingAlgorithm: algorithm,
    extensions: [new x509.BasicConstraintsExtension(true, 1, true)],
  });
  return {
    cert: root.toString('pem'),
    key: await keyPem(keys.privateKey),
    async issue(name, san = []) {
      const own = await newKeys();
      const made = await x509.X509CertificateGenerator.create({
        ...times(),
        subject: name,
        issuer: root.subject,
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: algorithm,
        extensions: names(san),
      });
      return { cert: made.toString('pem'), key: await keyPem(own.privateKey) };
    },
  };
}
