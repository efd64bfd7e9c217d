/** The browser's passkeys: options of the server in, what the authenticator says out. Binary fields are base64url. */

interface Options {
  ticket: string;
  options: Record<string, unknown>;
}

export const passkeysWork = (): boolean => typeof PublicKeyCredential !== "undefined" && isSecureContext;

function bytes(text: string): ArrayBuffer {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (each) => each.charCodeAt(0)).buffer;
}

function text(buffer: ArrayBuffer | null | undefined): string | undefined {
  if (!buffer) return undefined;
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

interface Described {
  id: string;
  type: "public-key";
  transports?: AuthenticatorTransport[];
}
const described = (each: Described): PublicKeyCredentialDescriptor => ({ ...each, id: bytes(each.id) });

/** Show a passkey. Raises DOMException when the person does not want to. */
export async function showPasskey({ options }: Options): Promise<Record<string, unknown>> {
  const given = options as unknown as {
    challenge: string;
    allowCredentials?: Described[];
    rpId?: string;
    userVerification?: UserVerificationRequirement;
    timeout?: number;
  };
  const publicKey = {
    ...given,
    challenge: bytes(given.challenge),
    allowCredentials: given.allowCredentials?.map(described),
  };
  const found = (await navigator.credentials.get({ publicKey })) as PublicKeyCredential;
  const response = found.response as AuthenticatorAssertionResponse;
  return {
    ...base(found),
    response: {
      clientDataJSON: text(response.clientDataJSON),
      authenticatorData: text(response.authenticatorData),
      signature: text(response.signature),
      userHandle: text(response.userHandle),
    },
  };
}

/** Make a new passkey. */
export async function makePasskey({ options }: Options): Promise<Record<string, unknown>> {
  const given = options as unknown as PublicKeyCredentialCreationOptions & {
    challenge: string;
    user: { id: string };
    excludeCredentials?: Described[];
  };
  const publicKey = {
    ...given,
    challenge: bytes(given.challenge),
    user: { ...given.user, id: bytes(given.user.id) },
    excludeCredentials: given.excludeCredentials?.map(described),
  } as PublicKeyCredentialCreationOptions;
  const found = (await navigator.credentials.create({ publicKey })) as PublicKeyCredential;
  const response = found.response as AuthenticatorAttestationResponse;
  return {
    ...base(found),
    response: {
      clientDataJSON: text(response.clientDataJSON),
      attestationObject: text(response.attestationObject),
      transports: response.getTransports?.() ?? [],
    },
  };
}

function base(found: PublicKeyCredential) {
  return {
    id: found.id,
    rawId: text(found.rawId),
    type: found.type,
    authenticatorAttachment: found.authenticatorAttachment,
    clientExtensionResults: found.getClientExtensionResults(),
  };
}
