/**
 * What a page does with a security key: the one script of our pages, allowed by its hash. A form with `data-webauthn` has
 * the options as JSON and a field for the answer; older browsers have no JSON methods of their own, so it converts by hand.
 * In a form that has other ways too, only the button with `data-key` asks for the key.
 * https://www.w3.org/TR/webauthn-3/#sctn-parseCreationOptionsFromJSON
 */
import { createHash } from 'node:crypto';
import { type Html, html } from './html.ts';

const script = `
(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/[+]/g, '-').replace(/[/]/g, '_').replace(/=+$/, '');
  const known = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));
  const ask = {
    async create(options) {
      options.user.id = bytes(options.user.id);
      options.excludeCredentials = known(options.excludeCredentials);
      const made = await navigator.credentials.create({ publicKey: options });
      const { clientDataJSON, attestationObject } = made.response;
      const transports = made.response.getTransports ? made.response.getTransports() : [];
      return [made, { clientDataJSON: text(clientDataJSON), attestationObject: text(attestationObject), transports }];
    },
    async get(options) {
      options.allowCredentials = known(options.allowCredentials);
      const signed = await navigator.credentials.get({ publicKey: options });
      const { clientDataJSON, authenticatorData, signature } = signed.response;
      return [signed, {
        clientDataJSON: text(clientDataJSON), authenticatorData: text(authenticatorData), signature: text(signature),
      }];
    },
  };
  for (const form of document.querySelectorAll('form[data-webauthn]')) {
    const failed = form.querySelector('[role=alert]');
    const button = form.querySelector('[data-key]');
    form.hidden = false;
    if (button) button.hidden = false;
    form.addEventListener('submit', async (event) => {
      if (button && event.submitter !== button) return;
      event.preventDefault();
      failed.hidden = true;
      try {
        const options = JSON.parse(form.dataset.options);
        options.challenge = bytes(options.challenge);
        const [key, response] = await ask[form.dataset.webauthn](options);
        const { id, type } = key;
        const clientExtensionResults = key.getClientExtensionResults();
        form.elements.answer.value = JSON.stringify({ id, rawId: text(key.rawId), type, response, clientExtensionResults });
        form.submit();
      } catch (error) {
        failed.hidden = false;
      }
    });
  }
})();
`;

/** For the page's Content-Security-Policy. */
export const webauthnScriptHash = `'sha256-${createHash('sha256').update(script).digest('base64')}'`;

/** To be put at the end of a page that has such forms. */
export const webauthnScript: Html = html`<script>${{ html: script }}</script>`;
