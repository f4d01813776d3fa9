import { useState } from "react";
import { describeFailure, errorMessage } from "../../api/errors";
import { useKey } from "../../api/key";
import { queryClient } from "../../api/queries";
import { useT } from "../../i18n";
import { Button, Dialog, Field } from "../kit";

/** Prompts for the server's API key. The server sets a session cookie; the page doesn't store the key. */
export default function KeyDialog() {
  const t = useT();
  const [key, setKey] = useState("");
  const [failure, setFailure] = useState<string | null>(null);
  const [submitting, setSubmitting] = useState(false);
  const close = () => {
    useKey.setState({ required: false });
  };
  const submit = async () => {
    setSubmitting(true);
    setFailure(null);
    try {
      const response = await fetch("api/v1/session", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ key }),
      });
      if (response.ok) {
        useKey.setState(({ acceptedCount }) => ({ required: false, acceptedCount: acceptedCount + 1 }));
        await queryClient.invalidateQueries();
      } else if (response.status === 401) setFailure(t("key.wrong"));
      else setFailure(describeFailure(response.status, await response.text()));
    } catch (thrown) {
      setFailure(errorMessage(thrown));
    } finally {
      setSubmitting(false);
    }
  };
  return (
    <Dialog open onOpenChange={close} title={t("key.title")} description={t("key.description")} size="sm">
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <Field label={t("key.label")}>
          {({ id }) => (
            <input
              id={id}
              type="password"
              autoComplete="current-password"
              aria-invalid={failure !== null}
              value={key}
              onChange={({ target }) => {
                setKey(target.value);
              }}
              className="h-control w-full rounded-md border border-edge bg-surface px-3 text-sm"
            />
          )}
        </Field>
        {failure !== null && (
          <p role="alert" className="text-sm text-bad">
            {failure}
          </p>
        )}
        <Button type="submit" variant="primary" disabled={key === "" || submitting} className="self-end">
          {t("key.submit")}
        </Button>
      </form>
    </Dialog>
  );
}
