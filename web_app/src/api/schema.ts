// Written by `npm run schema` from the server's description of its API. Not to be edited.

export interface paths {
  "/api/v1/adjust_mask": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Grows, shrinks or turns over a mask. The answer shows the hole in the colour of a stroke, on nothing. */
    post: operations["adjust_mask"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v1/decode": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Decodes a picture of any format that the server reads into an upright PNG: 8-bit RGB, or RGBA where the picture
     *     has transparency, with its colour profile and no other metadata. Of several pages or frames, the first one. An
     *     inpaint request for the same file expects a mask of this size.
     */
    post: operations["decode"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v1/gen-info": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Reads the prompts that an image generator left in a PNG's text `parameters`. Of every other image they are empty. */
    post: operations["gen_info"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v1/inpaint": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Fills the hole of an image and answers it in its own format. */
    post: operations["inpaint"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v1/inputimage": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The image that the server was started with. Without one: 200 and an error's body, as clients ask before they know. */
    get: operations["input_image"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v1/jobs/{id}": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    post?: never;
    /**
     * Cancels the inpaint request that was sent with, or answered by, this `X-Job-Id`: one that waits leaves the queue at
     *     once, one that runs stops before its next crop. The request itself is answered with the code `cancelled`.
     */
    delete: operations["cancel_job"];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v1/media_file": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** An image of a folder, as it is. */
    get: operations["media_file"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v1/media_thumbnail_file": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * A small copy of an image, upright: JPEG, or PNG where it has transparency. Never larger than the image or
     *     `--max-thumbnail-side` (1024 pixels).
     */
    get: operations["media_thumbnail_file"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v1/medias": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The images of a folder (.jpg, .jpeg, .png) by name. What can't be read as an image is left out. */
    get: operations["medias"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v1/model": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The current model. */
    get: operations["current_model"];
    put?: never;
    /**
     * Switches the model that answers requests without a `model` of their own. Free where it is the current one; the old
     *     one goes on serving where the new one can't be loaded.
     */
    post: operations["switch_model"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v1/models": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** All models that the server knows. `modelInfos` of the server's configuration has those that can serve at once. */
    get: operations["models"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v1/models/{name}/download": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Downloads a model's file from the address that the server knows. Answers at once; nothing happens where the file is
     *     here or on its way. How far it is, the Socket.IO event `model` tells.
     */
    post: operations["download_model"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v1/run_plugin_gen_image": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Has no plugin to run: always 422. */
    post: operations["run_plugin_gen_image"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v1/run_plugin_gen_mask": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Has no plugin to run: always 422. */
    post: operations["run_plugin_gen_mask"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v1/samplers": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The names of samplers, for clients that expect the list. */
    get: operations["samplers"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v1/save_image": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Writes an image into the output folder. A name that is taken gets a number (`photo-1.png`); the answer says which
     *     name it became.
     */
    post: operations["save_image"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v1/server-config": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Models, switches and lists for a client's settings. */
    get: operations["server_config"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v1/session": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Trades a key for a cookie that scripts can't read (`HttpOnly`) and other sites' pages can't send
     *     (`SameSite=Strict`), good for 30 days. Meant for the page; scripts send the key with each request. A server without
     *     keys sets no cookie.
     */
    post: operations["begin_session"];
    /** Ends the browser's session: its cookie is taken back. Free where there is none. */
    delete: operations["end_session"];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v1/switch_plugin_model": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Has no plugin to switch: always null, as IOPaint answers for a plugin that isn't switched on. */
    post: operations["switch_plugin_model"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/inpaint": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Fills the hole of an image, for scripts that were written for lama-cleaner 1.x. */
    post: operations["legacy_inpaint"];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/livez": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * 200 as long as the process answers and has a thread that runs models. One that dies is replaced; where that fails
     *     it is 503, and only a new process helps.
     */
    get: operations["livez"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/metrics": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The server's metrics, for Prometheus. */
    get: operations["metrics"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/readyz": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** 200 where a model can serve now, 503 before that and while shutting down. */
    get: operations["readyz"];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
}
export type webhooks = Record<string, never>;
export interface components {
  schemas: {
    /** @description A mask and what is done to it. */
    AdjustMask: {
      /**
       * Format: int64
       * @description By how many pixels the hole grows or shrinks; 0 or more. More than `--max-kernel-size` (254) counts as that.
       * @default 5
       */
      kernel_size: number;
      /** @description The mask: what is 127 or brighter is to be filled. Base64, bare or as a data URL. */
      mask: string;
      /** @description What is done. */
      operate: components["schemas"]["Operation"];
    };
    /**
     * @description What is sent back.
     * @enum {string}
     */
    Answer: "image" | "patch";
    /**
     * @description The algorithm of the `cv2` model.
     * @enum {string}
     */
    Cv2Flag: "INPAINT_NS" | "INPAINT_TELEA";
    /** @description A picture as a file of a form. */
    DecodeForm: {
      /**
       * Format: binary
       * @description The picture's file.
       */
      image: string;
    };
    /**
     * @description How a model's download stands.
     * @enum {string}
     */
    DownloadState: "downloading" | "ready" | "failed";
    /** @description The body of every error answer: the keys that IOPaint's clients read, and a code. */
    ErrorBody: {
      /** @description Always empty. */
      body: string;
      /** @description What went wrong, for people. */
      detail: string;
      /** @description What went wrong, for programs. */
      error: components["schemas"]["ErrorCode"];
      /** @description The same sentence as `detail`. */
      errors: string;
    };
    /**
     * @description Every way in which a request can fail. Clients may rely on these names.
     * @enum {string}
     */
    ErrorCode:
      | "no-input-image"
      | "invalid-json"
      | "invalid-form"
      | "invalid-base64"
      | "damaged-image"
      | "size-mismatch"
      | "incomplete-body"
      | "invalid-encoding"
      | "missing-key"
      | "wrong-key"
      | "foreign-origin"
      | "downloads-forbidden"
      | "model-fixed"
      | "not-found"
      | "not-offered"
      | "unknown-model"
      | "unknown-job"
      | "method-not-allowed"
      | "body-too-slow"
      | "no-download"
      | "cancelled"
      | "job-id-taken"
      | "body-too-large"
      | "image-too-large"
      | "unsupported-type"
      | "not-an-image"
      | "foreign-host"
      | "invalid-field"
      | "invalid-job-id"
      | "unknown-file"
      | "unknown-plugin"
      | "queue-full"
      | "rate-limited"
      | "too-many-sockets"
      | "internal"
      | "model-failed"
      | "out-of-memory"
      | "storage"
      | "no-model"
      | "draining"
      | "deadline";
    /** @description A file of a form. */
    FileForm: {
      /**
       * Format: binary
       * @description The image's file, with its name.
       */
      file: string;
    };
    /** @description What an image was made from; empty where it doesn't say. */
    GenInfo: {
      /** @description What wasn't to be seen. */
      negative_prompt: string;
      /** @description What was to be seen. */
      prompt: string;
    };
    /**
     * @description How a large image is brought down to what the model likes.
     * @enum {string}
     */
    HdStrategyName: "Original" | "Resize" | "Crop" | "Auto";
    /** @description An image, its mask and the options as files of a form. */
    InpaintForm: {
      /**
       * Format: binary
       * @description The image's file.
       */
      image: string;
      /**
       * Format: binary
       * @description The mask's file, of the upright image's size: what is brighter than 127 is to be filled.
       */
      mask: string;
      /** @description The other fields of the JSON request, as JSON. */
      options?: string | null;
    };
    /**
     * @description An image, its mask, and how to fill the hole. `image` and `mask` are enough. Fields that aren't listed are
     *     ignored. Numbers and booleans may come as strings.
     */
    InpaintRequest: {
      /**
       * @description Whether the filling is made to meet the image at the hole's border; needs `sd_keep_unmasked_area`.
       * @default false
       */
      blend: boolean;
      /**
       * Format: double
       * @description For diffusion models; 0 to 1.
       * @default 1
       */
      brushnet_conditioning_scale: number;
      /**
       * @description For diffusion models.
       * @default Sanster/brushnet_random_mask
       */
      brushnet_method: string;
      /**
       * Format: double
       * @description For diffusion models; 0 to 1.
       * @default 0.4
       */
      controlnet_conditioning_scale: number;
      /**
       * @description For diffusion models.
       * @default lllyasviel/control_v11p_sd15_canny
       */
      controlnet_method: string;
      /**
       * Format: int64
       * @description For diffusion models.
       * @default 512
       */
      croper_height: number;
      /**
       * Format: int64
       * @description For diffusion models.
       * @default 512
       */
      croper_width: number;
      /**
       * Format: int64
       * @description For diffusion models.
       * @default 0
       */
      croper_x: number;
      /**
       * Format: int64
       * @description For diffusion models.
       * @default 0
       */
      croper_y: number;
      /**
       * @description The algorithm of the `cv2` model.
       * @default INPAINT_NS
       */
      cv2_flag: components["schemas"]["Cv2Flag"];
      /**
       * Format: int64
       * @description The radius of the `cv2` model, in pixels; below 1 counts as 1, above 100 as 100.
       * @default 4
       */
      cv2_radius: number;
      /**
       * @description For diffusion models.
       * @default false
       */
      enable_brushnet: boolean;
      /**
       * @description For diffusion models.
       * @default false
       */
      enable_controlnet: boolean;
      /**
       * @description For diffusion models.
       * @default false
       */
      enable_powerpaint_v2: boolean;
      /**
       * Format: int64
       * @description For diffusion models.
       * @default 640
       */
      extender_height: number;
      /**
       * Format: int64
       * @description For diffusion models.
       * @default 640
       */
      extender_width: number;
      /**
       * Format: int64
       * @description For diffusion models.
       * @default 0
       */
      extender_x: number;
      /**
       * Format: int64
       * @description For diffusion models.
       * @default 0
       */
      extender_y: number;
      /**
       * @description Accepts a mask of any size: one of the image's stored size is turned with the image, any other is scaled to
       *     the upright image, nearest neighbour.
       * @default false
       */
      fit_mask: boolean;
      /**
       * Format: double
       * @description For diffusion models; above 0, at most 1.
       * @default 1
       */
      fitting_degree: number;
      /**
       * @description How a large image is brought down to what the model likes.
       * @default Crop
       */
      hd_strategy: components["schemas"]["HdStrategyName"];
      /**
       * Format: int64
       * @description With `Crop`: pixels of context on every side of a part of the hole; 0 or more.
       * @default 128
       */
      hd_strategy_crop_margin: number;
      /**
       * Format: int64
       * @description With `Crop`: the longest side in pixels that runs whole.
       * @default 800
       */
      hd_strategy_crop_trigger_size: number;
      /**
       * Format: int64
       * @description With `Resize`: the longest side in pixels that runs unscaled; 1 or more.
       * @default 1280
       */
      hd_strategy_resize_limit: number;
      /**
       * @description The image: base64, bare or as a data URL. PNG, JPEG, WebP, TIFF, BMP or GIF.
       * @default
       */
      image: string;
      /**
       * @description Sampler of a latent-diffusion model; no effect on models that erase.
       * @default plms
       */
      ldm_sampler: string;
      /**
       * Format: int64
       * @description Steps of a latent-diffusion model; no effect on models that erase.
       * @default 20
       */
      ldm_steps: number;
      /**
       * @description The mask, of the upright image's size: what is brighter than 127 is to be filled. Base64, as `image`.
       * @default
       */
      mask: string;
      /**
       * @description The model that answers; the current one where it is missing or empty.
       * @default null
       */
      model: string | null;
      /**
       * @description For diffusion models.
       * @default
       */
      negative_prompt: string;
      /**
       * Format: double
       * @description For diffusion models.
       * @default 1.5
       */
      p2p_image_guidance_scale: number;
      /**
       * @description For diffusion models.
       * @default null
       */
      paint_by_example_example_image: string | null;
      /**
       * @description For diffusion models.
       * @default text-guided
       */
      powerpaint_task: string;
      /**
       * @description For diffusion models.
       * @default
       */
      prompt: string;
      /**
       * @description What is sent back.
       * @default image
       */
      result: components["schemas"]["Answer"];
      /**
       * Format: double
       * @description For diffusion models.
       * @default 7.5
       */
      sd_guidance_scale: number;
      /**
       * @description Whether pixels outside the hole are put back from the original; the model's own otherwise.
       * @default true
       */
      sd_keep_unmasked_area: boolean;
      /**
       * @description For diffusion models.
       * @default false
       */
      sd_lcm_lora: boolean;
      /**
       * Format: int64
       * @description For diffusion models.
       * @default 11
       */
      sd_mask_blur: number;
      /**
       * @description For diffusion models.
       * @default false
       */
      sd_match_histograms: boolean;
      /**
       * Format: double
       * @description For diffusion models.
       * @default 20
       */
      sd_outpainting_softness: number;
      /**
       * Format: double
       * @description For diffusion models.
       * @default 20
       */
      sd_outpainting_space: number;
      /**
       * @description For diffusion models.
       * @default UniPC
       */
      sd_sampler: string;
      /**
       * Format: double
       * @description For diffusion models; above 0, at most 1.
       * @default 1
       */
      sd_scale: number;
      /**
       * Format: int64
       * @description For diffusion models; -1 draws one. Told back in `X-Seed`.
       * @default 42
       */
      sd_seed: number;
      /**
       * Format: int64
       * @description For diffusion models.
       * @default 50
       */
      sd_steps: number;
      /**
       * Format: double
       * @description For diffusion models; at most 1.
       * @default 1
       */
      sd_strength: number;
      /**
       * @description For diffusion models.
       * @default false
       */
      use_croper: boolean;
      /**
       * @description For diffusion models.
       * @default false
       */
      use_extender: boolean;
      /**
       * @description A switch of the ZITS model; no effect on other models.
       * @default true
       */
      zits_wireframe: boolean;
    };
    /** @description The Socket.IO event `job`, sent to a socket that called `watch` with a job id, at once and at each change. */
    JobEvent: {
      /** @description How many of its crops are done, while it runs; a whole image is one crop. */
      crop: number | null;
      /** @description How many crops it has, while it runs. */
      crops: number | null;
      /**
       * Format: int64
       * @description Milliseconds until its result, as far as that can be told.
       */
      eta_ms: number | null;
      /**
       * Format: uuid
       * @description The job's id.
       */
      id: string;
      /** @description How many jobs come before it, the one that runs included; null unless it waits in the queue. */
      position: number | null;
      /** @description How far it is. Nothing follows `done`, `failed` and `cancelled`. */
      state: components["schemas"]["JobState"];
    };
    /**
     * @description How far an inpaint request is.
     * @enum {string}
     */
    JobState: "queued" | "running" | "done" | "failed" | "cancelled";
    /** @description A model that the server knows, be it here or not. */
    KnownModel: {
      /**
       * Format: int64
       * @description Its file's length in bytes, about that where it isn't here; null where nobody knows.
       */
      bytes: number | null;
      /** @description Whether this server could download it. */
      downloadable: boolean;
      /**
       * Format: int64
       * @description The bytes that have arrived, while it is downloaded.
       */
      downloaded: number | null;
      /** @description The licence of its weights as an SPDX expression; null where it isn't known. */
      licence: string | null;
      /** @description How to ask for it. */
      name: string;
      /** @description Whether it is here. */
      state: components["schemas"]["ModelState"];
      /** @description How people read it. */
      title: string;
    };
    /** @description An image, its mask, and the fields of the JSON request in camelCase, of which these matter here. */
    LegacyForm: {
      /** @description The algorithm of the `cv2` model. */
      cv2Flag?: string | null;
      /**
       * Format: int32
       * @description The radius of the `cv2` model.
       */
      cv2Radius?: number | null;
      /** @description `Original`, `Resize` or `Crop`. */
      hdStrategy?: string | null;
      /**
       * Format: int32
       * @description With `Crop`: pixels of context around a part of the hole.
       */
      hdStrategyCropMargin?: number | null;
      /**
       * Format: int32
       * @description With `Crop`: the longest side that runs whole. So misspelt.
       */
      hdStrategyCropTrigerSize?: number | null;
      /**
       * Format: int32
       * @description With `Resize`: the longest side that runs unscaled.
       */
      hdStrategyResizeLimit?: number | null;
      /**
       * Format: binary
       * @description The image's file.
       */
      image: string;
      /**
       * Format: binary
       * @description The mask's file, of the image's size.
       */
      mask: string;
      /**
       * Format: int64
       * @description Told back in `X-Seed`.
       */
      sdSeed?: number | null;
    };
    /** @description A model on its way. */
    Loading: {
      /**
       * Format: int64
       * @description Bytes downloaded so far; null where nothing is downloaded.
       */
      bytes?: number | null;
      /** @description Its name. */
      name: string;
      /**
       * Format: int64
       * @description Bytes to download in all, where that is known.
       */
      total?: number | null;
    };
    /** @description An image in a list. */
    MediaInfo: {
      /**
       * Format: double
       * @description When the file was made or its properties changed, in seconds since 1970.
       */
      ctime: number;
      /**
       * Format: int32
       * @description Height in pixels, upright.
       */
      height: number;
      /**
       * Format: double
       * @description When the file was written, in seconds since 1970.
       */
      mtime: number;
      /** @description The file's name. */
      name: string;
      /**
       * Format: int32
       * @description Width in pixels, upright.
       */
      width: number;
    };
    /** @description The Socket.IO event `model`, sent to every socket while a model is downloaded. */
    ModelEvent: {
      /**
       * Format: int64
       * @description The bytes that have arrived, while it goes on.
       */
      bytes: number | null;
      /** @description Why it failed, in a sentence. */
      error: string | null;
      /** @description The model's name. */
      name: string;
      /** @description How its download stands. */
      state: components["schemas"]["DownloadState"];
      /**
       * Format: int64
       * @description The bytes in all, where that is known.
       */
      total: number | null;
    };
    /**
     * @description A model in `modelInfos` and in the responses of the model routes, with the keys of IOPaint 1.6.0. Fields
     *     for diffusion models are empty or `false`.
     */
    ModelInfo: {
      /** @description Supported `BrushNet` models. */
      brushnets: string[];
      /** @description Supported `ControlNet` models. */
      controlnets: string[];
      /** @description True for a diffusion model in a single file. */
      is_single_file_diffusers: boolean;
      /** @description Type of the model, by which clients choose their tools. */
      model_type: components["schemas"]["ModelType"];
      /** @description Name of the model. */
      name: string;
      /** @description True if the model requires a prompt. */
      need_prompt: boolean;
      /** @description Same as `name`, as in IOPaint for erase models; never a path on the server. */
      path: string;
      /** @description True if the model supports `BrushNet`. */
      support_brushnet: boolean;
      /** @description True if the model supports `ControlNet`. */
      support_controlnet: boolean;
      /** @description True if the model supports LCM-LoRA. */
      support_lcm_lora: boolean;
      /** @description True if the model can extend an image beyond its edges. */
      support_outpainting: boolean;
      /** @description True if the model supports `PowerPaint` 2. */
      support_powerpaint_v2: boolean;
      /** @description True if the model has a strength setting. */
      support_strength: boolean;
    };
    /**
     * @description Whether a model is here.
     * @enum {string}
     */
    ModelState: "builtin" | "ready" | "absent" | "downloading";
    /**
     * @description Model types of IOPaint's API.
     * @enum {string}
     */
    ModelType: "inpaint";
    /**
     * @description What is done to a mask.
     * @enum {string}
     */
    Operation: "expand" | "shrink" | "reverse";
    /** @description A plugin that is switched on. */
    PluginInfo: {
      /** @description The name by which it is asked for. */
      name: string;
      /** @description Whether it answers images. */
      support_gen_image: boolean;
      /** @description Whether it answers masks. */
      support_gen_mask: boolean;
    };
    /** @description How far the server is. */
    Readiness: {
      /** @description Why the last model that was tried isn't serving, where one failed. */
      failure?: string | null;
      loading?: components["schemas"]["Loading"] | null;
      /** @description The model that answers requests, once one is loaded. */
      model?: string | null;
      /** @description Whether a model can serve now. */
      ready: boolean;
    };
    /** @description A plugin and what it is to work on. */
    RunPlugin: {
      /** @description Where the user clicked: x, y and whether the place belongs to the object. */
      clicks?: number[][];
      /** @description The image in base64. */
      image: string;
      /** @description The plugin. */
      name: string;
      /**
       * Format: double
       * @description How many times larger the result is to be.
       * @default 2
       */
      scale: number;
    };
    /** @description Where a result went. */
    Saved: {
      /** @description The file's name in the output folder. */
      filename: string;
    };
    /** @description What this server can do. The keys are those of IOPaint 1.6.0, in its order; some clients compare the text. */
    ServerConfig: {
      /** @description Always null: a feature of diffusion models. */
      controlnetMethod?: string | null;
      /** @description Whether the model is fixed. */
      disableModelSwitch: boolean;
      /** @description Whether results can be saved on the server. */
      enableAutoSaving: boolean;
      /** @description Always false: a feature of diffusion models. */
      enableControlnet: boolean;
      /** @description Whether the server offers a folder of images. */
      enableFileManager: boolean;
      /** @description The model a click-to-select plugin would use. */
      interactiveSegModel: string;
      /** @description The models a click-to-select plugin knows. */
      interactiveSegModels: string[];
      /** @description Always false: this is a server. */
      isDesktop: boolean;
      /** @description Models that can be switched to without a download. */
      modelInfos: components["schemas"]["ModelInfo"][];
      /** @description Plugins that are switched on. */
      plugins: components["schemas"]["PluginInfo"][];
      /** @description The model an upscaling plugin would use. */
      realesrganModel: string;
      /** @description The models an upscaling plugin knows. */
      realesrganModels: string[];
      /** @description The model a background-removal plugin would use. */
      removeBGModel: string;
      /** @description The models a background-removal plugin knows. */
      removeBGModels: string[];
      /** @description Names of samplers, for clients that expect the list. */
      samplers: string[];
    };
    /** @description A key to begin a session with. */
    SessionKey: {
      /** @description One of the server's keys. */
      key: string;
    };
    /** @description The model to switch to. */
    SwitchModel: {
      /** @description One of the names in `modelInfos`. */
      name: string;
    };
    /** @description A plugin and the model it is to use. */
    SwitchPluginModel: {
      /** @description The model. */
      model_name: string;
      /** @description The plugin. */
      plugin_name: string;
    };
  };
  responses: never;
  parameters: never;
  requestBodies: never;
  headers: never;
  pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
  adjust_mask: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components["schemas"]["AdjustMask"];
      };
    };
    responses: {
      /** @description An RGBA image of the mask's size */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "image/png": number[];
        };
      };
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server wants a key; there was none or a wrong one */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The request comes from a page of another site */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The body comes too slowly */
      408: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      415: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server isn't known under this name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The client has sent too many requests in a short time */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  decode: {
    parameters: {
      query?: never;
      header?: {
        /** @description Milliseconds after which the request is given up; shortens the server's own limit */
        "X-Request-Timeout-Ms"?: number | null;
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "multipart/form-data": components["schemas"]["DecodeForm"];
      };
    };
    responses: {
      /** @description The upright picture */
      200: {
        headers: {
          /** @description The file's EXIF orientation, 1 to 8; 1: stored upright */
          "X-Orientation"?: number;
          [name: string]: unknown;
        };
        content: {
          "image/png": number[];
        };
      };
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server wants a key; there was none or a wrong one */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The request comes from a page of another site */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The body comes too slowly */
      408: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The file is no image that can be read */
      415: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server isn't known under this name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The client has sent too many requests in a short time */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server is shutting down */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      504: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  gen_info: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "multipart/form-data": components["schemas"]["FileForm"];
      };
    };
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["GenInfo"];
        };
      };
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server wants a key; there was none or a wrong one */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The request comes from a page of another site */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The body comes too slowly */
      408: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The file is no image */
      415: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server isn't known under this name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The client has sent too many requests in a short time */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  inpaint: {
    parameters: {
      query?: never;
      header?: {
        /** @description Names the request, to watch and to cancel it; the server chooses one where it is missing */
        "X-Job-Id"?: string | null;
        /** @description Milliseconds after which the answer is of no use any more; shortens the server's own limit */
        "X-Request-Timeout-Ms"?: number | null;
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components["schemas"]["InpaintRequest"];
        "multipart/form-data": components["schemas"]["InpaintForm"];
      };
    };
    responses: {
      /** @description The image in its own format, or a PNG of the changed rectangle */
      200: {
        headers: {
          /** @description The model that answered */
          "X-Inpaint-Model"?: string;
          /** @description Present where a part was too large and ran scaled down */
          "X-Inpaint-Scaled"?: boolean;
          /** @description The request's id; failed requests are answered with it too */
          "X-Job-Id"?: string;
          /** @description x,y,width,height of a patch in the image */
          "X-Patch-Box"?: string;
          /** @description The seed */
          "X-Seed"?: number;
          [name: string]: unknown;
        };
        content: {
          "image/*": number[];
        };
      };
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server wants a key; there was none or a wrong one */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description This server's model is fixed */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The body comes too slowly */
      408: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description Cancelled, or the job id is taken */
      409: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      415: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server isn't known under this name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      429: {
        headers: {
          /** @description Seconds until a place is free, by what jobs take */
          "Retry-After"?: number;
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      504: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  input_image: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The image, or that there is none */
      200: {
        headers: {
          /** @description The file's name */
          "Content-Disposition"?: string;
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
          "image/*": number[];
        };
      };
      /** @description The server wants a key; there was none or a wrong one */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The request comes from a page of another site */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description `--input` is a folder */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The file is no image */
      415: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server isn't known under this name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The client has sent too many requests in a short time */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  cancel_job: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The request's `X-Job-Id` */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description It is cancelled */
      204: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description The server wants a key; there was none or a wrong one */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The request comes from a page of another site */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description No request of this id is in flight */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server isn't known under this name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The client has sent too many requests in a short time */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  media_file: {
    parameters: {
      query: {
        /** @description The folder. */
        tab: "input" | "output" | "mask";
        /** @description The file's name, as `medias` lists it. */
        filename: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The file; its type is that of its content */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "image/*": number[];
        };
      };
      /** @description The server wants a key; there was none or a wrong one */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The request comes from a page of another site */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description `--input` is no folder */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The file is no image */
      415: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server isn't known under this name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description There is no such file */
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The client has sent too many requests in a short time */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  media_thumbnail_file: {
    parameters: {
      query: {
        /** @description The folder. */
        tab: "input" | "output" | "mask";
        /** @description The file's name, as `medias` lists it. */
        filename: string;
        /** @description Width in pixels; 0 for the one that fits `height`, or for 256 where that is 0 too. */
        width?: number;
        /** @description Height in pixels, where `width` is 0. */
        height?: number;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The copy */
      200: {
        headers: {
          /** @description Its height in pixels */
          "X-Height"?: number;
          /** @description Its width in pixels */
          "X-Width"?: number;
          [name: string]: unknown;
        };
        content: {
          "image/jpeg": number[];
          "image/png": number[];
        };
      };
      /** @description The file is damaged */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server wants a key; there was none or a wrong one */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The request comes from a page of another site */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description `--input` is no folder */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The file is no image */
      415: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server isn't known under this name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description There is no such file */
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The client has sent too many requests in a short time */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  medias: {
    parameters: {
      query: {
        /** @description The folder. */
        tab: "input" | "output" | "mask";
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["MediaInfo"][];
        };
      };
      /** @description The server wants a key; there was none or a wrong one */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The request comes from a page of another site */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description `--input` is no folder */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server isn't known under this name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The client has sent too many requests in a short time */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  current_model: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ModelInfo"];
        };
      };
      /** @description The server wants a key; there was none or a wrong one */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The request comes from a page of another site */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server isn't known under this name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The client has sent too many requests in a short time */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  switch_model: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components["schemas"]["SwitchModel"];
      };
    };
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ModelInfo"];
        };
      };
      /** @description The body is broken */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server wants a key; there was none or a wrong one */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description This server's model is fixed */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The body comes too slowly */
      408: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The body is over a limit, or something in it */
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The body's type is not taken here */
      415: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server isn't known under this name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The client has sent too many requests in a short time */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  models: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["KnownModel"][];
        };
      };
      /** @description The server wants a key; there was none or a wrong one */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The request comes from a page of another site */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server isn't known under this name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The client has sent too many requests in a short time */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  download_model: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description One of the names in the list of models */
        name: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description It is on its way, or here */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["KnownModel"];
        };
      };
      /** @description The server wants a key; there was none or a wrong one */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description Downloads are forbidden on this server */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description Nobody knows an address of its file */
      409: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server isn't known under this name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The client has sent too many requests in a short time */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  run_plugin_gen_image: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components["schemas"]["RunPlugin"];
      };
    };
    responses: {
      /** @description The body is broken */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server wants a key; there was none or a wrong one */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The request comes from a page of another site */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The body comes too slowly */
      408: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The body is over a limit, or something in it */
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The body's type is not taken here */
      415: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server isn't known under this name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The client has sent too many requests in a short time */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  run_plugin_gen_mask: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components["schemas"]["RunPlugin"];
      };
    };
    responses: {
      /** @description The body is broken */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server wants a key; there was none or a wrong one */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The request comes from a page of another site */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The body comes too slowly */
      408: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The body is over a limit, or something in it */
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The body's type is not taken here */
      415: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server isn't known under this name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The client has sent too many requests in a short time */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  samplers: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": string[];
        };
      };
      /** @description The server wants a key; there was none or a wrong one */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The request comes from a page of another site */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server isn't known under this name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The client has sent too many requests in a short time */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  save_image: {
    parameters: {
      query?: {
        /** @description Whether the new file takes its place; otherwise the new file gets a number. */
        overwrite?: boolean;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "multipart/form-data": components["schemas"]["FileForm"];
      };
    };
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Saved"];
        };
      };
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server wants a key; there was none or a wrong one */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The request comes from a page of another site */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server has no output folder */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The body comes too slowly */
      408: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The file is no image */
      415: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server isn't known under this name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The name is none of a file */
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The client has sent too many requests in a short time */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  server_config: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ServerConfig"];
        };
      };
      /** @description The server wants a key; there was none or a wrong one */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The request comes from a page of another site */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server isn't known under this name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The client has sent too many requests in a short time */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  begin_session: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components["schemas"]["SessionKey"];
      };
    };
    responses: {
      /** @description The browser is let in from now on */
      204: {
        headers: {
          /** @description The session */
          "Set-Cookie"?: string;
          [name: string]: unknown;
        };
        content?: never;
      };
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description This is none of the server's keys */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The request comes from a page of another site */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The body comes too slowly */
      408: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      415: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server isn't known under this name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The client has sent too many requests in a short time */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  end_session: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The browser has no session any more */
      204: {
        headers: {
          /** @description Takes the cookie back */
          "Set-Cookie"?: string;
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description The server isn't known under this name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  switch_plugin_model: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "application/json": components["schemas"]["SwitchPluginModel"];
      };
    };
    responses: {
      /** @description null */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description The body is broken */
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server wants a key; there was none or a wrong one */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The request comes from a page of another site */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The body comes too slowly */
      408: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The body is over a limit, or something in it */
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The body's type is not taken here */
      415: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server isn't known under this name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The client has sent too many requests in a short time */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  legacy_inpaint: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        "multipart/form-data": components["schemas"]["LegacyForm"];
      };
    };
    responses: {
      /** @description The image in its own format */
      200: {
        headers: {
          /** @description The seed */
          "X-Seed"?: number;
          [name: string]: unknown;
        };
        content: {
          "image/*": number[];
        };
      };
      400: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server wants a key; there was none or a wrong one */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The request comes from a page of another site */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The body comes too slowly */
      408: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description Cancelled, or the job id is taken */
      409: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      413: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      415: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server isn't known under this name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      422: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      500: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      504: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  livez: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "text/plain": string;
        };
      };
      /** @description The server isn't known under this name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "text/plain": string;
        };
      };
    };
  };
  metrics: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "text/plain": string;
        };
      };
      /** @description The server wants a key; there was none or a wrong one */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The request comes from a page of another site */
      403: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The server isn't known under this name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      /** @description The client has sent too many requests in a short time */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
    };
  };
  readyz: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Readiness"];
        };
      };
      /** @description The server isn't known under this name */
      421: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["ErrorBody"];
        };
      };
      503: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          "application/json": components["schemas"]["Readiness"];
        };
      };
    };
  };
}
