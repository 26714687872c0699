import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

/** Asked for only when the daemon refuses a request for want of a token; kept for this tab alone. */
export function TokenDialog({ open, onGive }: { open: boolean; onGive: (token: string | undefined) => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const [token, setToken] = useState("");
  useEffect(() => {
    if (open && !dialog.current?.open) dialog.current?.showModal();
    if (!open && dialog.current?.open) dialog.current.close();
  }, [open]);
  return (
    <dialog ref={dialog} class="sheet" aria-labelledby="token-title" onCancel={() => onGive(undefined)}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (token.trim()) onGive(token.trim());
          setToken("");
        }}
      >
        <h2 id="token-title">Sign in</h2>
        <p>This Loquat asks for an access token. It stays in this tab and is gone when you close it.</p>
        <label class="field">
          <span>Access token</span>
          <input type="password" autocomplete="off" value={token} onInput={(event) => setToken(event.currentTarget.value)} />
        </label>
        <div class="panel-actions">
          <button type="submit" class="button is-main" disabled={!token.trim()}>Continue</button>
          <button type="button" class="button" onClick={() => onGive(undefined)}>Not now</button>
        </div>
      </form>
    </dialog>
  );
}
