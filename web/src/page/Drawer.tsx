import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "./icons.tsx";

interface Props {
  open: boolean;
  title: string;
  side?: "left" | "right";
  onClose: () => void;
  children: ComponentChildren;
}

/** A modal sheet at the page's edge; the dialog element brings focus, Escape and inertness. */
export function Drawer({ open, title, side = "right", onClose, children }: Props): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    if (open && element && !element.open) element.showModal();
    if (!open && element?.open) element.close();
  }, [open]);
  return (
    <dialog
      ref={dialog}
      class={`drawer is-${side}`}
      aria-label={title}
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && onClose()}
    >
      <div class="drawer-body">
        <div class="drawer-head">
          <h2>{title}</h2>
          <button type="button" class="tool" onClick={onClose}>
            <Icon name="close" />
            <span class="visually-hidden">Close</span>
          </button>
        </div>
        {children}
      </div>
    </dialog>
  );
}
