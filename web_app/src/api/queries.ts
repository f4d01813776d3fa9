import { QueryClient, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answerOf, api } from "./client";

/** One for the page. Answers of a server on the same machine are cheap: what is shown is asked for anew. */
export const queryClient = new QueryClient({
  defaultOptions: { queries: { retry: 1, staleTime: 10_000, refetchOnWindowFocus: false } },
});

/** What the server can do. */
export function useServerConfig() {
  return useQuery({
    queryKey: ["server-config"],
    queryFn: ({ signal }) => answerOf(api.GET("/api/v1/server-config", { signal })),
  });
}

/** The model that answers. */
export function useCurrentModel() {
  return useQuery({
    queryKey: ["model"],
    queryFn: ({ signal }) => answerOf(api.GET("/api/v1/model", { signal })),
  });
}

/** Makes another model answer; resolves when it does. */
export function useSwitchModel() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (name: string) => answerOf(api.POST("/api/v1/model", { body: { name } })),
    onSuccess: (model) => {
      client.setQueryData(["model"], model);
    },
  });
}

/** Has a plugin use another of its models; resolves when it does. */
export function useSwitchPluginModel() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ plugin, model }: { plugin: string; model: string }) =>
      answerOf(api.POST("/api/v1/switch_plugin_model", { body: { plugin_name: plugin, model_name: model } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["server-config"] }),
  });
}

/** Every model that the server knows, here or not. */
export function useModels() {
  return useQuery({
    queryKey: ["models"],
    queryFn: ({ signal }) => answerOf(api.GET("/api/v1/models", { signal })),
  });
}

/** Starts the download of a model; resolves once it is on its way. */
export function useDownloadModel() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (name: string) =>
      answerOf(api.POST("/api/v1/models/{name}/download", { params: { path: { name } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["models"] }),
  });
}
