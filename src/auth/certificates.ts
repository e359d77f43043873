/**
 * Certificates of clients: their thumbprint, and whether one is of the subject that a client registered.
 * https://www.rfc-editor.org/rfc/rfc8705
 */
import { createHash, X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

interface ClientCertificate {
  /** PEM, one certificate. */
  readonly pem: string;
  /** Whether an authority that is trusted for clients has signed it. */
  readonly isAuthorized: boolean;
}

/** The certificate that the peer of a request has proved to have. */
export type CertificateOf = (request: IncomingMessage) => ClientCertificate | undefined;

/** `x5t#S256`: SHA-256 of the DER form, base64url. */
export function certificateThumbprint(pem: string): string {
  return createHash('sha256').update(new X509Certificate(pem).raw).digest('base64url');
}

/** The relative names of `CN=a,O=b`, unescaped. https://www.rfc-editor.org/rfc/rfc4514 */
function namesOf(text: string): readonly string[] {
  const names = text.match(/(?:\\.|[^,\\])+/gs) ?? [];
  return names.map((name) => {
    const [type = '', ...value] = name.split('=');
    const plain = value
      .join('=')
      .replace(/((?:\\[0-9a-fA-F]{2})+)|\\(.)/gs, (_all, bytes?: string, one?: string) =>
        bytes === undefined ? (one ?? '') : Buffer.from(bytes.replaceAll('\\', ''), 'hex').toString('utf8'),
      );
    return `${type.trim().toUpperCase()}=${plain.trim()}`;
  });
}

/** The same names in the same order; written from the root or from the leaf, as tools do both. */
function isSubject({ subject }: X509Certificate, expected: string): boolean {
  const own = subject.split('\n').map((line) => {
    const [type = '', ...value] = line.split('=');
    return `${type.toUpperCase()}=${value.join('=').replace(/\\(.)/gs, '$1')}`;
  });
  const wanted = namesOf(expected);
  const written = JSON.stringify(wanted);
  return JSON.stringify(own) === written || JSON.stringify([...own].reverse()) === written;
}

function hasUri({ subjectAltName = '' }: X509Certificate, expected: string): boolean {
  return subjectAltName.split(', ').some((name) => name === `URI:${expected}`);
}

/** Whether the certificate is of the subject registered under a `tls_client_auth_*` member (RFC 8705, 2.1.2). */
export function certificateMatches(pem: string, member: string, expected: string): boolean {
  const certificate = new X509Certificate(pem);
  switch (member) {
    case 'tls_client_auth_subject_dn':
      return isSubject(certificate, expected);
    case 'tls_client_auth_san_dns':
      return certificate.checkHost(expected, { subject: 'never', wildcards: false }) !== undefined;
    case 'tls_client_auth_san_ip':
      return certificate.checkIP(expected) !== undefined;
    case 'tls_client_auth_san_email':
      return certificate.checkEmail(expected, { subject: 'never' }) !== undefined;
    case 'tls_client_auth_san_uri':
      return hasUri(certificate, expected);
    default:
      return false;
  }
}
